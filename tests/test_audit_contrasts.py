"""Audit of contrasts and choices: size, several changes, selection, seeds, unused settings."""

from pathlib import Path

import pytest

from cnn_ablate.schema import Finding
from support.audit import LENET, changed, findings_of, subject

FASHION = changed(LENET, ("{name: lenet}", "{name: fashion_cnn, convs: 1, hidden: [128]}"))
LIST = "design:\n  list:\n"


def messages(findings: list[Finding]) -> list[str]:
    """Return the messages."""
    return [finding.message for finding in findings]


MODEL2 = """\
design:
  list:
    model2: {model.convs: 2, model.hidden: [256, 128]}
claims:
"""


def test_a_claim_of_a_larger_network_that_is_smaller_is_found(tmp_path: Path) -> None:
    """Parameters and multiply-adds are given, and that the claim has the sizes reversed."""
    claim = "  - {id: more, quote: more complex, variant: model2, reference: baseline, "
    text = f"{FASHION}{MODEL2}{claim}metric: parameters, effect: higher}}\n"

    [finding] = findings_of("capacity-confound", subject(tmp_path, text))

    assert ("capacity-confound", "note", "more") == (
        finding.kind,
        finding.severity,
        finding.where,
    )
    assert finding.message == (
        'Claim more ("more complex") has the sizes reversed: model2 and baseline have 334,154 '
        "parameters against 402,986 (17.1 % fewer) and 1,105,408 multiply-adds against 515,584 "
        "(2.14 times as many)."
    )


def test_a_claim_that_mentions_size_gets_the_numbers(tmp_path: Path) -> None:
    """A claim with words such as simpler gets the counted sizes."""
    claim = (
        "  - {id: enough, quote: the simpler one is enough, variant: model2, reference: baseline"
    )
    text = f"{FASHION}{MODEL2}{claim}, effect: lower}}\n"

    [message] = messages(findings_of("capacity-confound", subject(tmp_path, text)))

    assert message.startswith('Claim enough ("the simpler one is enough") mentions size: model2')


def test_contrasts_of_size_without_a_claim_are_one_finding(tmp_path: Path) -> None:
    """The largest changes come first."""
    text = f"{FASHION}factors:\n  model.hidden: [[128], [64], [120]]\n  optimizer.lr: [0.01, 0.1]\n"

    [finding] = findings_of("capacity-confound", subject(tmp_path, text))

    assert finding.message == (
        "The size of the network also changes by more than 5 % in 2 contrasts, so an effect there "
        "may be one of size: hidden=64 (50.0 % fewer parameters, 39.1 % fewer multiply-adds) and "
        "hidden=120 (6.2 % fewer parameters, 4.9 % fewer multiply-adds)."
    )


def test_contrasts_of_one_size_are_no_finding(tmp_path: Path) -> None:
    """Changes below 5 % are no confound, nor is a claim of size that holds."""
    text = f"{FASHION}factors:\n  model.hidden: [[128], [123]]\nclaims:\n"
    claim = (
        "  - {id: s, quote: smaller, factor: model.hidden, from: 128, to: 123, "
        "metric: parameters, effect: lower}\n"
    )

    assert [] == findings_of("capacity-confound", subject(tmp_path, text + claim))


def test_a_bundle_that_changes_two_settings_is_a_warning(tmp_path: Path) -> None:
    """The run with another optimizer has another learning rate too."""
    recipe = "{sgd: {}, adam: {optimizer.name: adam, optimizer.lr: 0.1}}"
    text = f"{LENET}factors:\n  recipe: {recipe}\n"

    [finding] = findings_of("moved-together", subject(tmp_path, text))

    assert ("moved-together", "warning", "recipe=adam") == (
        finding.kind,
        finding.severity,
        finding.where,
    )
    assert finding.message == (
        "recipe=adam differs from baseline in 2 settings at once: optimizer.name (sgd to adam) "
        "and optimizer.lr (0.01 to 0.1). Its effect cannot be attributed to one of them."
    )


@pytest.mark.parametrize(
    "design",
    [
        "factors:\n  step: {longer: {training.epochs: 9, model.norm: batch}}\ndesign: ladder\n",
        "design: {list: {longer: {training.epochs: 9, model.norm: batch}}}\n",
    ],
)
def test_steps_of_ladders_and_lists_are_compared_with_their_start(
    tmp_path: Path, design: str
) -> None:
    """Several changes in one step are listed with their old and new values."""
    [finding] = findings_of("moved-together", subject(tmp_path, LENET + design))

    changes = {"training.epochs": [3, 9], "model.norm": ["none", "batch"]}
    assert changes == finding.data["changed"]


SINGLE = {
    "one key": "factors:\n  optimizer.lr: [0.01, 0.1]\n",
    "a bundle of one change": (
        "factors:\n  recipe: {sgd: {}, adam: {optimizer.name: adam, optimizer.lr: 0.01}}\n"
    ),
    "a part with its options": (
        "design: {list: {smooth: {loss.label_smoothing: 0.1, loss.smooth_over: others}}}\n"
    ),
    "another network with its own options": (
        "design: {list: {net: {model.name: cnnnet, model.residual: false, model.fc_layers: 1}}}\n"
    ),
    "a schedule that sets the rate": (
        "design: {list: {cycle: {schedule.name: one_cycle, optimizer.lr: 0.2}}}\n"
    ),
    "a fraction": (
        "factors:\n  optimizer.lr: [0.01, 0.1]\n  model.norm: [none, batch]\n"
        "  model.kernel: [5, 3]\ndesign: fractional\n"
    ),
}


@pytest.mark.parametrize("name", SINGLE)
def test_single_changes_are_no_finding(tmp_path: Path, name: str) -> None:
    """A setting that comes with a part, or has no effect beside it, is no second change."""
    assert [] == findings_of("moved-together", subject(tmp_path, LENET + SINGLE[name]))


def test_selection_on_the_test_images_is_a_warning(tmp_path: Path) -> None:
    """Selecting the epoch, stopping, and reducing the rate are separate findings."""
    text = changed(LENET, ("epochs: 3", "epochs: 30")) + (
        "design:\n  list:\n    best: {training.select: best_test}\n"
        "    stopped: {training.patience: 3}\n    adapted: {schedule.name: plateau}\n"
    )

    findings = findings_of("test-selection", subject(tmp_path, text))

    assert ["test-selection"] * 3 == [finding.kind for finding in findings]
    assert [["best"], ["stopped"], ["adapted"]] == [f.data["variants"] for f in findings]
    assert findings[0].message == (
        "In variant best, the reported epoch is the one that is best on the test images: the "
        "reported test accuracy is too high. Use validation images (data.val_fraction) for such "
        "choices."
    )


def test_selection_on_validation_images_is_no_finding(tmp_path: Path) -> None:
    """The same choices made on validation images do not bias the test accuracy."""
    text = changed(
        LENET,
        ("epochs: 3", "epochs: 30, select: best_val, patience: 3"),
        ("test_subset: 100", "test_subset: 100, val_fraction: 0.2"),
        ("  training", "  schedule: {name: plateau}\n  training"),
    )

    assert [] == findings_of("test-selection", subject(tmp_path, text))


def test_a_choice_that_cannot_be_made_is_no_finding(tmp_path: Path) -> None:
    """In three epochs, neither a patience of ten nor that of a plateau can have an effect."""
    text = changed(
        LENET,
        ("epochs: 3", "epochs: 3, patience: 10"),
        ("  training", "  schedule: {name: plateau}\n  training"),
    )

    assert [] == findings_of("test-selection", subject(tmp_path, text))


def test_too_few_seeds_for_any_test_are_found(tmp_path: Path) -> None:
    """Two seeds are no test, in whatever family."""
    text = changed(LENET, ("seeds: 6", "seeds: 2"))
    text += "factors:\n  optimizer.lr: [0.01, 0.1]\n  model.norm: [none, batch]\n"

    [finding] = findings_of("cannot-show", subject(tmp_path, text))

    assert ("note", 2, 2) == (
        finding.severity,
        finding.data["contrasts"],
        finding.data["cannot"],
    )
    assert finding.message == (
        "2 of 2 contrasts (lr=0.1 and norm=batch) with 2 seeds cannot be decided, whatever is "
        "measured: a test takes 3 seeds."
    )


def test_contrasts_with_too_few_seeds_are_named(tmp_path: Path) -> None:
    """If only some contrasts have too few seeds, they are named; others are not touched by them."""
    text = f"{LENET}fewer_seeds: {{norm=batch: 1}}\n"
    text += "factors:\n  optimizer.lr: [0.01, 0.1]\n  model.norm: [none, batch]\n"

    [finding] = findings_of("cannot-show", subject(tmp_path, text))

    assert (2, 1) == (finding.data["contrasts"], finding.data["cannot"])
    assert finding.message == (
        "1 of 2 contrasts (norm=batch) with 1 seed cannot be decided, whatever is measured: a test "
        "takes 3 seeds."
    )


def test_a_family_of_few_and_many_seeds_may_be_undecidable(tmp_path: Path) -> None:
    """Six seeds beside three in one family have a smallest p above 5 %."""
    text = f"{LENET}fewer_seeds: {{norm=batch: 3}}\nprimary: ['*']\n"
    text += "factors:\n  optimizer.lr: [0.01, 0.1]\n  model.norm: [none, batch]\n"

    [finding] = findings_of("cannot-show", subject(tmp_path, text))

    assert finding.message == (
        "1 of 2 contrasts (lr=0.1) with 6 seeds cannot be decided, whatever is measured: the "
        "smallest p is 0.062 in their family."
    )


def test_enough_seeds_are_no_finding(tmp_path: Path) -> None:
    """Six seeds suffice for any number of contrasts."""
    text = f"{LENET}factors:\n  optimizer.lr: [0.01, 0.1]\n  model.norm: [none, batch]\n"

    assert [] == findings_of("cannot-show", subject(tmp_path, text))


UNUSED = {
    "momentum for adam": (
        changed(LENET, ("name: sgd, lr: 0.01", "name: adam, lr: 0.001")),
        "optimizer.momentum 0.9 of the baseline has no effect: the optimizer adam has no setting "
        "momentum. Leave it out.",
    ),
    "patience of a constant schedule": (
        changed(LENET, ("  training", "  schedule: {name: constant, patience: 5}\n  training")),
        "schedule.patience 5 of the baseline has no effect: the schedule constant has no setting "
        "patience. Leave it out.",
    ),
    "rate beside one that is set": (
        changed(LENET, ("  training", "  schedule: {name: one_cycle}\n  training")).replace(
            "lr: 0.01, momentum: 0.9", "lr: 0.02"
        ),
        "optimizer.lr 0.02 of the baseline has no effect: the schedule one_cycle sets "
        "optimizer.lr itself. Leave it out.",
    ),
    "schedule that never moves": (
        changed(LENET, ("  training", "  schedule: {name: step, step_size: 30}\n  training")),
        "The schedule step(warmup_epochs=0,step_size=30,gamma=0.1) of variant baseline never "
        "changes the learning rate in 3 epochs.",
    ),
    "key of a level": (
        LENET
        + "factors:\n  recipe: {sgd: {}, adam: {optimizer.name: adam, optimizer.dampening: 0.5}}\n",
        "optimizer.dampening 0.5 of recipe adam has no effect: the optimizer adam has no setting "
        "dampening. Leave it out.",
    ),
}
USED = {
    "by a variant": changed(LENET, ("name: sgd, lr: 0.01", "name: adam, lr: 0.001"))
    + "factors:\n  optimizer.name: [adam, sgd]\n",
    "a default that is stated": changed(
        LENET, ("name: sgd, lr: 0.01, momentum: 0.9", "name: adam, lr: 0.01, momentum: 0.0")
    ),
    "everything": LENET,
}


@pytest.mark.parametrize("name", UNUSED)
def test_settings_without_effect_are_a_warning(tmp_path: Path, name: str) -> None:
    """The message has the reason."""
    text, message = UNUSED[name]

    findings = findings_of("unused-setting", subject(tmp_path, text))

    assert [("unused-setting", "warning", message)] == [
        (finding.kind, finding.severity, finding.message) for finding in findings
    ]


@pytest.mark.parametrize("name", USED)
def test_settings_that_one_variant_uses_are_no_finding(tmp_path: Path, name: str) -> None:
    """One variant that uses a setting is enough."""
    assert [] == findings_of("unused-setting", subject(tmp_path, USED[name]))


def test_a_setting_that_only_a_profile_makes_useless_is_no_finding(tmp_path: Path) -> None:
    """A schedule that acts after two epochs does nothing in the one epoch of a smoke test."""
    text = changed(LENET, ("  training", "  schedule: {name: step, step_size: 2}\n  training"))

    assert [] == findings_of("unused-setting", subject(tmp_path, text, profile="smoke"))
