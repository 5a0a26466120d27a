"""Audit of the shipped studies: its findings in the five papers, and its time."""

import time
from functools import cache
from pathlib import Path

import pytest

from cnn_ablate.runner import RunConfig, prepare
from cnn_ablate.runner.findings import audit_findings
from cnn_ablate.schema import Finding
from cnn_ablate.study import Changes, read_study

FOLDER = Path(__file__).parents[1] / "ablations"
SHIPPED = sorted(path.stem for path in FOLDER.glob("*.yaml"))
SLOW = {"preact_cbam", "resnet18_tuning"}
# Kind and place of what must be found, and that of errors nothing else.
ERRORS = {
    "cifar_cbam": set(),
    "cifar_ladder": {("parameter-claim", "parameters-table")},
    "demo": {("inert-factor", "training.ema_decay")},
    "fashion_lr": set(),
    "lenet_cifar": set(),
    "preact_cbam": {
        ("inert-factor", "model.attention"),
        ("inert-factor", "model.transformer"),
        ("dead-parameters", "baseline"),
        ("dead-parameters", "attention_ignored=false"),
        ("dead-parameters", "se"),
        ("parameter-budget", "attention_ignored=false, se, described"),
        ("parameter-claim", "parameters-described"),
        ("parameter-claim", "limit-described"),
    },
    "resnet18_tuning": set(),
    "smoke": set(),
}


@cache
def findings(name: str, profile: str = "") -> tuple[Finding, ...]:
    """Audit a shipped study, without its images."""
    study = read_study(FOLDER / f"{name}.yaml", Changes(profile=profile))
    return audit_findings(prepare(study, RunConfig(results=Path("none"), data=Path("none"))))


def of(name: str, kind: str) -> list[Finding]:
    """Return the findings of a kind about a study."""
    return [finding for finding in findings(name) if finding.kind == kind]


def each() -> list[object]:
    """Return the shipped studies as parameters; the tests of the largest are slow."""
    marks = {name: [pytest.mark.slow] if name in SLOW else [] for name in SHIPPED}
    return [pytest.param(name, marks=marks[name]) for name in SHIPPED]


@pytest.mark.parametrize("name", each())
def test_errors_are_those_of_the_paper(name: str) -> None:
    """There are no other errors, and the audit takes less than half a minute of one core."""
    began = time.process_time()
    errors = {(f.kind, f.where) for f in findings(name) if f.severity == "error"}

    assert ERRORS[name] == errors
    assert time.process_time() - began < 30


@pytest.mark.parametrize("profile", ["smoke", pytest.param("cpu", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", each())
def test_profiles_cause_no_errors(name: str, profile: str) -> None:
    """Settings that only a profile makes equal, small or short are not errors."""
    if name in {"demo", "smoke"} and profile == "cpu":
        pytest.skip("the smallest studies have no smaller profile")

    errors = {(f.kind, f.where) for f in findings(name, profile) if f.severity == "error"}

    assert errors <= ERRORS[name]


@pytest.mark.slow
def test_the_released_network_has_dead_parameters() -> None:
    """The Transformer block is 14.0 % of the network, and no gradient reaches it."""
    released, cbam, se = of("preact_cbam", "dead-parameters")

    assert "694,320 of 4,969,600 parameters (14.0 %)" in released.message
    assert [5_001_792, 5_003_680] == [dead.data["parameters"] for dead in (cbam, se)]
    assert all({"transformer": 694_320} == dead.data["modules"] for dead in (released, cbam, se))


@pytest.mark.slow
def test_the_released_attention_is_inert_and_the_switch_is_named() -> None:
    """CBAM and none are the same training, bit for bit, while the name is misspelt."""
    attention = next(f for f in of("preact_cbam", "inert-factor") if f.where == "model.attention")

    assert {"cbam", "none"} <= set(attention.data["levels"])
    assert "They differ if model.attention_ignored is false." in attention.message


@pytest.mark.slow
def test_the_described_network_exceeds_its_own_limit() -> None:
    """With CBAM there are 1,792 parameters too many; the stated number is that of the baseline."""
    [budget] = of("preact_cbam", "parameter-budget")
    claim = next(f for f in of("preact_cbam", "parameter-claim") if f.where.startswith("par"))

    assert "described has 5,001,792 (1,792 too many)" in budget.message
    assert "4,969,600 is what baseline has, with model.attention_ignored true" in claim.message


def test_the_flagship_ends_in_a_relu_and_may_select_on_the_test_images() -> None:
    """Both faults of the printed program are warnings."""
    [relu] = of("cifar_cbam", "non-negative-logits")
    [selection] = of("cifar_cbam", "test-selection")

    assert "relu_logits=false" not in relu.data["variants"]
    assert ["select=best_test"] == selection.data["variants"]


def test_the_more_complex_network_is_found_to_be_smaller() -> None:
    """The finding about the claimed complexity states 17.1 % fewer parameters."""
    notes = {f.where: f.message for f in of("fashion_lr", "capacity-confound")}

    assert "has the sizes reversed" in notes["model2-more-complex"]
    assert "334,154 parameters against 402,986 (17.1 % fewer)" in notes["model2-more-complex"]


def test_the_published_ladder_changes_several_settings_per_step() -> None:
    """The ladder of single changes beside it does not."""
    assert ["wider", "normalised", "attentive", "wider_50"] == [
        finding.where for finding in of("cifar_ladder", "moved-together")
    ]


def test_adam_of_fashion_changes_network_and_rate_too() -> None:
    """The run called Adam changes four settings."""
    adam = next(f for f in of("fashion_lr", "moved-together") if f.where == "adam")

    expected = {"model.convs", "model.hidden", "optimizer.name", "optimizer.lr"}
    assert expected == adam.data["changed"].keys()


@pytest.mark.slow
def test_the_two_accuracies_of_one_network_are_found() -> None:
    """A table states 90.68 %, the abstract 90.04 %."""
    wheres = [finding.where for finding in of("resnet18_tuning", "paper-contradiction")]

    assert "accuracy-separable, accuracy-separable-abstract" in wheres
