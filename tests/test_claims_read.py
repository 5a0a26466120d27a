"""Claims that nothing could ever answer are refused when their study is read."""

from pathlib import Path

import pytest

from cnn_ablate.study import read_study
from test_study import SOUND, messages, write

OF_CLASS = "That is the class it is about."
FACTOR = "That is the factor whose effect it states."
BY_CLASS = "Known: class_accuracy, class_f1, class_precision, class_recall, test_accuracy."
SILENT = (
    "it claims neither a number nor a direction. "
    "Give a 'value', or an 'effect' of a 'factor' or against a 'reference'."
)
PER_CENT = "claims[0].value: test_accuracy is a fraction, at most 1."
RANGE = (
    "claims[0].value: a range is that of a number, not of a limit or an effect. Give one number."
)
MOVES = "factor: model.attention, from: none, to: cbam, effect: higher"

REFUSED = {
    "rank: best": [f"18: claims[0].rank: 'rank' needs 'of_class'. {OF_CLASS}"],
    "taken_for: Coat": [f"18: claims[0].taken_for: 'taken_for' needs 'of_class'. {OF_CLASS}"],
    "metric: class_accuracy, value: 0.9": [
        f"26: claims[0].metric: class_accuracy needs 'of_class'. {OF_CLASS}"
    ],
    "of_class: Shirt, rank: best, metric: train_loss": [
        f"55: claims[0].metric: unknown metric of a class 'train_loss'. {BY_CLASS}"
    ],
    "of_class: Shirt, value: 0.3, metric: seconds": [
        f"55: claims[0].metric: unknown metric of a class 'seconds'. {BY_CLASS}"
    ],
    "variant: baseline": [f"10: claims[0]: {SILENT}"],
    "variant: baseline, of_class: Shirt": [f"10: claims[0]: {SILENT}"],
    "variant: baseline, effect: higher": [f"10: claims[0]: {SILENT}"],
    "variant: attention=none, reference: baseline": [f"10: claims[0]: {SILENT}"],
    "factor: model.attention, to: cbam, effect: higher": [
        "18: claims[0].factor: 'factor' needs 'from'. Levels of model.attention: cbam, none."
    ],
    "factor: model.attention, effect: higher": [
        "18: claims[0].factor: 'factor' needs 'from'. Levels of model.attention: cbam, none.",
        "18: claims[0].factor: 'factor' needs 'to'. Levels of model.attention: cbam, none.",
    ],
    "factor: model.attention, from: none, to: none, effect: higher": [
        "59: claims[0].to: 'from' and 'to' are one level."
    ],
    "of_class: Shirt, rank: best, variant: attention=none, reference: baseline": [
        "35: claims[0].rank: 'rank' is about one variant, not about an effect. "
        "Name it under 'variant' alone."
    ],
    "value: 0.9, from: none": [f"30: claims[0].from: 'from' needs 'factor'. {FACTOR}"],
    "value: 0.9, at: {model.residual: true}": [f"30: claims[0].at: 'at' needs 'factor'. {FACTOR}"],
    f"{MOVES}, at: {{model.residul: true}}": [
        "86: claims[0].at.model.residul: unknown factor 'model.residul'. "
        "Did you mean 'model.residual'? Known: model.attention, model.residual."
    ],
    f"{MOVES}, at: {{model.residual: 1}}": [
        "102: claims[0].at.model.residual: unknown level of model.residual '1'. Known: false, true."
    ],
    f"{MOVES}, than_at: {{model.residual: off}}": [
        "107: claims[0].than_at.model.residual: unknown level of model.residual 'off'. "
        "Known: false, true."
    ],
    f"{MOVES}, at: {{model.attention: none}}": [
        "86: claims[0].at.model.attention: the effect is that of this very factor. "
        "Its levels are given by 'from' and 'to'."
    ],
    "value: 86": [f"25: {PER_CENT} 86 looks like per cent; write 0.86."],
    "value: 62.06, effect: lower": [f"25: {PER_CENT} 62.06 looks like per cent; write 0.6206."],
    "value: [61, 61.99]": [
        f"25: {PER_CENT} [61, 61.99] looks like per cent; write [0.61, 0.6199]."
    ],
    "value: [0.9, 0.8]": ["25: claims[0].value: a range goes from a lower to a higher number."],
    "value: [0.8, 0.9], effect: higher": [f"25: {RANGE}"],
    f"value: [1, 2], {MOVES}": [f"25: {RANGE}"],
    "value: [0.8, 0.9], decimals: 2": [
        "37: claims[0].decimals: a range has no 'decimals': it is exact."
    ],
    "value: many": [
        "25: claims[0].value: expected a number, or a range of two numbers, got 'many'."
    ],
    "value: 0.5, metric: failure_rate": [
        "10: claims[0]: failure_rate needs an 'effect'. "
        "Say that it is 'higher' or 'lower', than a reference or than a 'value'."
    ],
    f"value: 0.5, metric: failure_rate, {MOVES}": [
        "25: claims[0].value: of a failure_rate the direction alone is compared, not its size. "
        "Leave 'value' out."
    ],
    "value: [0.8]": [
        "25: claims[0].value: expected a number, or a range of two numbers, got [0.8]."
    ],
}

ACCEPTED = [
    "value: 0.9",
    "value: 0.9, effect: higher",
    "value: [0.86, 0.8699]",
    "value: [1790000, 1799999], metric: parameters",
    "value: 1790000, metric: parameters, decimals: -4",
    f"{MOVES}, value: 86",
    "of_class: Shirt, value: 0.9",
    "of_class: Shirt, metric: class_f1, value: 0.9",
    "of_class: Shirt, rank: best",
    "of_class: Shirt, rank: weakest, metric: class_recall",
    "of_class: Shirt, taken_for: Coat",
    "variant: attention=none, reference: baseline, value: 1.2",
    f"of_class: Shirt, {MOVES}",
    f"{MOVES}, metric: failure_rate",
    "value: 0.5, effect: higher, metric: failure_rate",
    f"{MOVES}, at: {{model.residual: true}}, than_at: {{model.residual: false}}",
]


def claimed(claim: str) -> str:
    """Return the text of a sound study with a claim."""
    return f"{SOUND}claims: [{{id: a, {claim}}}]\n"


@pytest.mark.parametrize("claim", REFUSED)
def test_what_cannot_be_answered_is_refused(tmp_path: Path, claim: str) -> None:
    """Nobody trains for hours to learn that a claim has no class, no side or nothing to say."""
    assert [f"s.yaml:10:{said}" for said in REFUSED[claim]] == messages(tmp_path, claimed(claim))


@pytest.mark.parametrize("claim", ACCEPTED)
def test_what_can_be_answered_is_read(tmp_path: Path, claim: str) -> None:
    """All kinds of claims are read, of which there is one here."""
    assert 1 == len(read_study(write(tmp_path, claimed(claim))).claims)
