"""Factors without effect are found with their reason, and no other factor is."""

from pathlib import Path

import pytest

from cnn_ablate.schema import Finding
from support.audit import LENET, changed, findings_of, subject

CNNNET = changed(
    LENET, ("{name: lenet}", "{name: cnnnet, attention: none, relu_logits: false, fc_layers: 1}")
)
PREACT = changed(
    LENET,
    ("{name: lenet}", "{name: preact_resnet, blocks: [1], width: 8, transformer: built}"),
)


def inert(folder: Path, text: str, *, profile: str = "") -> list[Finding]:
    """Return the findings about inert factors."""
    return findings_of("inert-factor", subject(folder, text, profile=profile))


def messages(folder: Path, text: str, *, profile: str = "") -> list[str]:
    """Return the messages of these findings."""
    return [finding.message for finding in inert(folder, text, profile=profile)]


def factor(text: str, line: str) -> str:
    """Return a study with a factor."""
    return f"{text}factors:\n  {line}\n"


def test_an_option_of_a_part_that_is_off_is_inert(tmp_path: Path) -> None:
    """The reason names the switch, and the finding its numbers."""
    [finding] = inert(tmp_path, factor(CNNNET, "model.reduction: [3, 2]"))

    assert ("inert-factor", "error", "model.reduction") == (
        finding.kind,
        finding.severity,
        finding.where,
    )
    assert finding.message == (
        "Levels 3 and 2 of model.reduction are one and the same training: model.reduction has "
        "no effect while model.attention is none."
    )
    assert {"model.reduction": [3, 2]} == finding.data["changed"]


# What is added to which study; the reason that is given.
INERT = {
    "knob of another entry": (
        changed(LENET, ("name: sgd, lr: 0.01, momentum: 0.9", "name: adam, lr: 0.001")),
        "optimizer.momentum: [0.9, 0.5]",
        "the optimizer adam has no setting momentum.",
    ),
    "rate under a schedule that sets it": (
        changed(LENET, ("  training", "  schedule: {name: one_cycle, max_lr: 0.1}\n  training")),
        "optimizer.lr: [0.01, 0.1]",
        "the schedule one_cycle sets optimizer.lr itself.",
    ),
    "momentum under a schedule that sets it": (
        changed(LENET, ("  training", "  schedule: {name: one_cycle, max_lr: 0.1}\n  training")),
        "optimizer.momentum: [0.9, 0.5]",
        "the schedule one_cycle sets optimizer.momentum itself.",
    ),
    "schedule that acts too late": (
        changed(LENET, ("  training", "  schedule: {name: step, step_size: 4}\n  training")),
        "schedule.step_size: [4, 9]",
        "the learning rate is the same in every step of 3 epochs.",
    ),
    "more patience than epochs": (
        LENET,
        "training.patience: [0, 20]",
        "training.patience 20 cannot stop a training of 3 epochs.",
    ),
    "choice of one epoch": (
        changed(LENET, ("epochs: 3", "epochs: 1")),
        "training.select: [last, best_test]",
        "training.select has one epoch to select from.",
    ),
    "augmentation that never happens": (
        LENET,
        "data.augment: {none: [], erased: [{name: random_erasing, p: 0.0}]}",
        "from the same seed, 3 steps of training on the same batches give the same 44,426 weights "
        "and the same outputs, bit for bit.",
    ),
    "block that is built and never called": (
        PREACT,
        "model.transformer: [built, none]",
        "from the same seed, 3 steps of training on the same batches give the same 1,362 weights "
        "and the same outputs, bit for bit; the 872 parameters that only one of them has "
        "have no effect.",
    ),
    "switch that is no option": (
        changed(PREACT, ("width: 8", "width: 8, attention: cbam, attention_ignored: true")),
        "model.attention: [cbam, none]\n  model.attention_ignored: [true, false]",
        "from the same seed, 3 steps of training on the same batches give the same 1,362 weights "
        "and the same outputs, bit for bit. They differ if model.attention_ignored is false.",
    ),
}
SOUND = {
    "option of a part that is on": (
        changed(PREACT, ("width: 8", "width: 8, attention: cbam, reduction: 8")),
        "model.reduction: [8, 2]",
    ),
    "momentum": (LENET, "optimizer.momentum: [0.9, 0.5]"),
    "rate": (LENET, "optimizer.lr: [0.01, 0.010001]"),
    "schedule that acts": (
        changed(LENET, ("  training", "  schedule: {name: step, step_size: 2}\n  training")),
        "schedule.step_size: [2, 1]",
    ),
    "plateaus that only a real loss tells apart": (
        changed(LENET, ("  training", "  schedule: {name: plateau, patience: 0}\n  training")),
        "schedule.threshold: [0.0001, 0.1]",
    ),
    "patience": (LENET, "training.patience: [0, 1]"),
    "choice of an epoch": (LENET, "training.select: [last, best_test]"),
    "length": (LENET, "training.epochs: [3, 4]"),
    "batch size": (LENET, "training.batch_size: [32, 64]"),
    "averaged weights": (LENET, "training.average: [none, ema]"),
    "clipping that may never happen": (LENET, "training.clip_norm: [0.0, 1000.0]"),
    "number of images": (LENET, "data.subset: [200, 199]"),
    "validation images": (LENET, "data.val_fraction: [0.0, 0.1]"),
    "order": (LENET, "data.shuffle: [true, false]"),
    "augmentation": (LENET, "data.augment: {none: [], erased: [{name: random_erasing, p: 0.1}]}"),
    "augmentation that is rare": (
        LENET,
        "data.augment: {none: [], erased: [{name: random_erasing, p: 0.0001}]}",
    ),
    "normalisation": (LENET, "data.normalize: [none, half]"),
    "label smoothing": (LENET, "loss.label_smoothing: [0.0, 0.001]"),
    "weight decay": (LENET, "optimizer.weight_decay: [0.0, 0.0001]"),
    "weight decay of norms": (
        changed(PREACT, ("momentum: 0.9", "momentum: 0.9, weight_decay: 0.001")),
        "optimizer.decay_norms_and_biases: [true, false]",
    ),
    "initial weights": (LENET, "training.init: [default, kaiming_fan_out]"),
    "precision": (LENET, "training.precision: [float32, bfloat16]"),
    "precision that only a GPU tells apart": (LENET, "training.precision: [float32, tf32]"),
    "dropout": (PREACT, "model.head_dropout: [0.05, 0.06]"),
    "block that is called": (
        changed(PREACT, ("transformer: built", "transformer: none")),
        "model.transformer: [none, used]",
    ),
    "training that overflows": (
        changed(LENET, ("lr: 0.01", "lr: 1e30")),
        "loss.label_smoothing: [0.0, 0.1]",
    ),
}


@pytest.mark.parametrize("name", INERT)
def test_inert_factors_are_found_with_their_reason(tmp_path: Path, name: str) -> None:
    """Two levels that give the same training are an error, with the reason."""
    text, line, reason = INERT[name]

    [message] = messages(tmp_path, factor(text, line))

    assert reason == message.partition("one and the same training: ")[2]


@pytest.mark.parametrize("name", SOUND)
def test_factors_with_an_effect_are_no_finding(tmp_path: Path, name: str) -> None:
    """However small or rare a change is, it is not called inert."""
    text, line = SOUND[name]

    assert [] == messages(tmp_path, factor(text, line))


def test_two_levels_are_compared_though_neither_is_the_baselines(tmp_path: Path) -> None:
    """Without normalisation, filling with the mean and with zero are the same."""
    levels = ", ".join(
        f"{fill}: [{{name: random_erasing, fill: {fill}}}]" for fill in ("mean", "zero")
    )
    [message] = messages(tmp_path, factor(LENET, f"data.augment: {{none: [], {levels}}}"))

    assert message.startswith("Levels mean and zero of data.augment are one and the same")


def test_an_option_with_an_effect_somewhere_is_only_a_note(tmp_path: Path) -> None:
    """An option that is off at some levels of a factorial is a note if nothing is trained twice."""
    text = f"{PREACT}factors:\n  model.attention: [none, cbam]\n  model.reduction: [8, 2]\n"

    [finding] = inert(tmp_path, f"{text}design: factorial\n")

    assert "note" == finding.severity
    assert finding.message == (
        "Levels 8 and 2 of model.reduction are, at some levels of the other factors, one and the "
        "same training: model.reduction has no effect while model.attention is none."
    )


def test_training_twice_at_some_levels_is_a_warning(tmp_path: Path) -> None:
    """Two variants that give the same result waste time, even if others differ."""
    text = changed(PREACT, ("width: 8", "width: 8, attention: cbam"))
    text += "factors:\n  model.attention: [cbam, none]\n  model.attention_ignored: [false, true]\n"

    there = inert(tmp_path, f"{text}design: factorial\n")

    assert [("warning", "model.attention"), ("note", "model.attention_ignored")] == [
        (finding.severity, finding.where) for finding in there
    ]


def test_an_excluded_variant_does_not_clear_a_factor(tmp_path: Path) -> None:
    """A level that is excluded at one place is not known to have an effect there."""
    text = f"{PREACT}factors:\n  model.transformer: [built, none]\n  optimizer.lr: [0.01, 0.1]\n"
    text += "design: factorial\nexclude: [{model.transformer: none, optimizer.lr: 0.1}]\n"

    [finding] = inert(tmp_path, text)

    assert ("error", "model.transformer") == (finding.severity, finding.where)


def test_a_fraction_is_searched_factor_by_factor(tmp_path: Path) -> None:
    """A fraction never changes one factor by itself, yet its inert factor is found."""
    text = f"{CNNNET}factors:\n  model.reduction: [3, 2]\n  model.residual: [true, false]\n"
    text += "  model.fc_layers: [1, 2]\ndesign: fractional\n"

    assert ["model.reduction"] == [finding.where for finding in inert(tmp_path, text)]


def test_an_entry_that_changes_nothing_is_named(tmp_path: Path) -> None:
    """A variant of a list that equals its starting point is named."""
    text = f"{CNNNET}design:\n  list:\n    narrow: {{model.reduction: 1}}\n"
    text += "    dense: {model.fc_layers: 2}\n"

    [message] = messages(tmp_path, text)

    assert message.startswith("Variants baseline and narrow are one and the same training: ")


def test_a_level_at_the_baseline_is_not_compared_with_it(tmp_path: Path) -> None:
    """A level that is written otherwise but equals the baseline is the baseline."""
    text = changed(LENET, ("test_subset: 100", "test_subset: 100, augment: [random_crop]"))
    levels = "{crop: [{name: random_crop, padding: 4}], none: []}"

    assert [] == messages(tmp_path, factor(text, f"data.augment: {levels}"))


def test_levels_that_only_a_profile_makes_equal_are_no_finding(tmp_path: Path) -> None:
    """In the one epoch of a smoke test no schedule acts, and no epoch can be selected."""
    text = changed(LENET, ("  training", "  schedule: {name: step, step_size: 2}\n  training"))
    text = factor(text, "schedule.step_size: [2, 1]\n  training.select: [last, best_test]")

    assert [] == messages(tmp_path, text, profile="smoke")


def test_a_profile_hides_no_finding(tmp_path: Path) -> None:
    """Factors that are inert in the study are found in its smoke test too."""
    assert 1 == len(messages(tmp_path, factor(CNNNET, "model.reduction: [3, 2]"), profile="smoke"))
