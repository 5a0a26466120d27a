"""Audit of networks: dead parameters, parameter counts, and the last operation."""

from pathlib import Path

import pytest

from cnn_ablate.schema import Finding
from support.audit import LENET, NETWORK, USERS, changed, findings_of, subject

PREACT = changed(
    LENET,
    ("{name: lenet}", "{name: preact_resnet, blocks: [1], width: 8, transformer: built}"),
)
CLAIM = "claims:\n  - {{id: size, variant: {variant}, metric: parameters, value: {value}{more}}}\n"


def claimed(folder: Path, text: str, value: object, **more: str) -> list[Finding]:
    """Return the findings about a claimed parameter count."""
    variant = more.pop("variant", "baseline")
    rest = "".join(f", {key}: {word}" for key, word in more.items())
    claim = CLAIM.format(variant=variant, value=value, more=rest)
    return findings_of("parameter-claim", subject(folder, text + claim))


def test_parameters_without_a_gradient_are_counted_by_module(tmp_path: Path) -> None:
    """A Transformer block that is never called is 39 % of this network."""
    text = f"{PREACT}factors:\n  model.transformer: [built, used]\n  model.dropout: [0.05, 0.1]\n"

    [finding] = findings_of("dead-parameters", subject(tmp_path, text))

    assert ("dead-parameters", "error", "baseline") == (
        finding.kind,
        finding.severity,
        finding.where,
    )
    assert finding.message == (
        "872 of 2,234 parameters (39.0 %) in 2 variants (baseline and dropout=0.1) get no gradient "
        "and never learn: transformer. Use them, or remove them and do not count them."
    )
    assert {"transformer": 872} == finding.data["modules"]


def test_networks_of_other_sizes_are_separate_findings(tmp_path: Path) -> None:
    """The same dead layer is a smaller fraction of a larger network."""
    unused = ("# more", "self.unused = nn.Linear(1, 1)")
    (tmp_path / "nets.py").write_text(changed(NETWORK, unused), encoding="utf-8")
    text = f"{USERS}factors:\n  model.width: [4, 120]\n  optimizer.lr: [0.01, 0.1]\n"

    findings = findings_of("dead-parameters", subject(tmp_path, text))

    summary = [(f.severity, f.data["parameters"], f.data["variants"]) for f in findings]
    assert [("error", 92, ["baseline", "lr=0.1"]), ("warning", 2412, ["width=120"])] == summary


def test_few_dead_parameters_are_a_warning(tmp_path: Path) -> None:
    """A dead layer of less than 1 % of the parameters is a warning."""
    unused = ("# more", "self.unused = nn.Linear(1, 1)")
    (tmp_path / "nets.py").write_text(changed(NETWORK, unused), encoding="utf-8")
    text = changed(USERS, ("width: 4", "width: 120"))

    [finding] = findings_of("dead-parameters", subject(tmp_path, text))

    assert ("warning", {"unused": 2}) == (finding.severity, finding.data["modules"])


def test_a_head_that_only_training_uses_is_not_dead(tmp_path: Path) -> None:
    """A head that is only used in training is trained; a frozen module is not meant to be."""
    text = changed(
        NETWORK,
        (
            "# more",
            "self.extra = nn.Linear(width, classes)\n        self.stem.requires_grad_(False)",
        ),
        (
            "return logits",
            "return logits + self.extra(x.mean((2, 3))) if self.training else logits",
        ),
    )
    (tmp_path / "nets.py").write_text(text, encoding="utf-8")

    assert [] == findings_of("dead-parameters", subject(tmp_path, USERS))


def test_networks_without_dead_parameters_have_no_finding(tmp_path: Path) -> None:
    """Without the block, or with the block in use, every parameter gets a gradient."""
    text = changed(PREACT, ("transformer: built", "transformer: none"))
    text += "factors:\n  model.transformer: [none, used]\n"

    assert [] == findings_of("dead-parameters", subject(tmp_path, text))


def test_a_broken_budget_names_the_variants_and_their_excess(tmp_path: Path) -> None:
    """The limit applies to every variant."""
    text = f"{PREACT}model_limit: 2240\nfactors:\n  model.attention: [none, cbam, se]\n"

    [finding] = findings_of("parameter-budget", subject(tmp_path, text))

    assert ("parameter-budget", "error") == (finding.kind, finding.severity)
    assert finding.message == (
        "2 of 3 variants exceed the limit of 2,240 parameters: attention=cbam has 2,350 (110 too "
        "many) and attention=se has 2,362 (122 too many)."
    )


def test_a_kept_budget_is_no_finding(tmp_path: Path) -> None:
    """A network may have exactly as many parameters as the limit."""
    assert [] == findings_of("parameter-budget", subject(tmp_path, f"{PREACT}model_limit: 2234\n"))


def test_a_wrong_count_is_explained_by_another_variant(tmp_path: Path) -> None:
    """The stated number is that of the network without its attention."""
    text = (
        f"{PREACT}factors:\n  model.attention: [none, cbam]\n  loss.label_smoothing: [0.0, 0.1]\n"
    )

    [finding] = claimed(tmp_path, text, 2234, variant="attention=cbam")

    assert ("parameter-claim", "error", "size") == (finding.kind, finding.severity, finding.where)
    assert finding.message == (
        "Claim size states 2,234 parameters for variant attention=cbam, which has 2,350, 116 more; "
        "2,234 is what baseline has, with model.attention none instead of cbam."
    )


@pytest.mark.parametrize(
    ("missing", "what"),
    [(872, "transformer"), (552, "transformer.ffn"), (90, "output")],
)
def test_a_wrong_count_is_explained_by_a_module(tmp_path: Path, missing: int, what: str) -> None:
    """If the difference is exactly one module, the message names it."""
    [finding] = claimed(tmp_path, PREACT, 2234 - missing)

    assert finding.message.endswith(f", {missing:,} more: the claim leaves out {what}.")


def test_a_wrong_count_without_explanation_is_an_error_too(tmp_path: Path) -> None:
    """No module accounts for 11 parameters too many."""
    [finding] = claimed(tmp_path, PREACT, 2245)

    assert finding.message.endswith("which has 2,234, 11 fewer.")


@pytest.mark.parametrize(
    ("value", "more"),
    [
        (2234, {}),
        (2230, {"decimals": "-1"}),
        (2000, {"decimals": "-3"}),
        (2240, {"effect": "lower"}),
        (2000, {"effect": "higher"}),
    ],
)
def test_correct_counts_are_no_finding(tmp_path: Path, value: int, more: dict[str, str]) -> None:
    """A number may be exact, rounded, or a limit that is kept."""
    assert [] == claimed(tmp_path, PREACT, value, **more)


def test_a_limit_of_the_paper_is_exact(tmp_path: Path) -> None:
    """Limits are not rounded: 2,000 is not 2,234."""
    [finding] = claimed(tmp_path, PREACT, 2000, effect="lower")

    assert "states at most 2,000 parameters" in finding.message


def test_counts_are_not_checked_on_other_images(tmp_path: Path) -> None:
    """A profile that changes the data set changes the first layer too."""
    text = changed(PREACT, ("fashion_mnist_sample", "cifar10"))
    text += CLAIM.format(variant="baseline", value=2245, more="")

    assert [] == findings_of("parameter-claim", subject(tmp_path, text, profile="smoke"))


def test_a_relu_on_the_logits_is_found(tmp_path: Path) -> None:
    """The message names the variants."""
    text = changed(LENET, ("{name: lenet}", "{name: cnnnet, attention: none, relu_logits: true}"))
    text += "factors:\n  model.relu_logits: [true, false]\n  model.residual: [true, false]\n"

    [finding] = findings_of("non-negative-logits saturated-output", subject(tmp_path, text))

    assert ("non-negative-logits", "warning") == (finding.kind, finding.severity)
    assert ["baseline", "residual=false"] == finding.data["variants"]
    assert finding.message.startswith(
        "A ReLU comes between the last layer and the loss of 2 variants"
    )


@pytest.mark.parametrize(
    ("end", "kind", "what"),
    [
        ("logits.clamp(min=0)", "non-negative-logits", "A ReLU"),
        ("torch.where(logits > 0, logits, 0.0)", "non-negative-logits", "A ReLU"),
        ("nn.functional.softplus(logits)", "non-negative-logits", "A softplus"),
        ("logits.softmax(1)", "saturated-output", "A softmax"),
        ("logits.exp() / logits.exp().sum(1, keepdim=True)", "saturated-output", "A softmax"),
        ("logits.sigmoid()", "saturated-output", "A sigmoid"),
        ("logits.tanh().view(-1, 10)", "saturated-output", "A tanh"),
    ],
)
def test_outputs_that_are_not_logits_are_found(
    tmp_path: Path, end: str, kind: str, what: str
) -> None:
    """The last operation is named, whether autograd has a name for it or not."""
    text = changed(NETWORK, ("return logits", f"return {end}"))
    (tmp_path / "nets.py").write_text(text, encoding="utf-8")

    [finding] = findings_of("non-negative-logits saturated-output", subject(tmp_path, USERS))

    assert (kind, "warning") == (finding.kind, finding.severity)
    assert finding.message.startswith(
        f"{what} comes between the last layer and the loss of variant"
    )


@pytest.mark.parametrize(
    "end",
    [
        "logits",
        "logits.log_softmax(1)",
        "logits * 1e-3",
        "nn.functional.leaky_relu(logits)",
        "logits * 0",
        "logits + 100",
    ],
)
def test_plain_logits_are_no_finding(tmp_path: Path, end: str) -> None:
    """Small, shifted and zero logits are logits, and a log-softmax changes no loss."""
    text = changed(NETWORK, ("return logits", f"return {end}"))
    (tmp_path / "nets.py").write_text(text, encoding="utf-8")

    assert [] == findings_of("non-negative-logits saturated-output", subject(tmp_path, USERS))
