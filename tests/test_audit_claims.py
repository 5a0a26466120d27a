"""Audit of claims that contradict each other, and of numbers that no test set can yield."""

from pathlib import Path

import pytest

from cnn_ablate.data.published_datasets import Cifar10
from support.audit import LENET, changed, findings_of, subject

CIFAR = changed(LENET, ("fashion_mnist_sample", "cifar10")) + (
    "factors:\n  model.norm: [none, batch]\n  optimizer.lr: [0.01, 0.1]\nclaims:\n"
)
CLASSES = Cifar10.classes


def messages(folder: Path, *claims: str, profile: str = "") -> list[str]:
    """Return the messages about some claims."""
    text = CIFAR + "".join(f"  - {{{claim}}}\n" for claim in claims)
    findings = findings_of("paper-contradiction", subject(folder, text, profile=profile))
    assert {("paper-contradiction", "note")} >= {(f.kind, f.severity) for f in findings}
    return [finding.message for finding in findings]


def by_class(values: list[float]) -> list[str]:
    """Return a claimed accuracy per class."""
    pairs = zip(CLASSES, values, strict=True)
    return [f"id: {name}, variant: baseline, of_class: {name}, value: {v}" for name, v in pairs]


AT = "id: {}, variant: baseline, value: {}"
MOVES = "id: {}, factor: model.norm, from: {}, to: {}, effect: {}"

CONTRADICTIONS = {
    "two numbers": (
        [AT.format("a", 0.9068), AT.format("b", 0.9004)],
        "Claims a and b state two numbers for the test_accuracy of baseline: 90.68 % and 90.04 %.",
    ),
    "a number and a limit": (
        [
            "id: a, variant: baseline, metric: parameters, value: 62006",
            "id: b, variant: baseline, metric: parameters, value: 60000, effect: lower",
        ],
        "Claims a and b state two numbers for the parameters of baseline: 62,006 and 60,000.",
    ),
    "two directions": (
        [MOVES.format("a", "none", "batch", "higher"), MOVES.format("b", "none", "batch", "none")],
        "Claims a and b cannot both be true of the test_accuracy of norm=batch and baseline.",
    ),
    "two directions, turned round": (
        [
            MOVES.format("a", "none", "batch", "higher"),
            "id: b, variant: baseline, reference: norm=batch, effect: higher",
        ],
        "Claims a and b cannot both be true of the test_accuracy of norm=batch and baseline.",
    ),
    "a direction and numbers": (
        [
            AT.format("a", 0.86),
            "id: b, variant: norm=batch, value: 0.84",
            MOVES.format("c", "none", "batch", "higher"),
        ],
        "Claim c states higher for norm=batch against baseline, but b states 84 % and a states "
        "86 %.",
    ),
    "no effect and numbers": (
        [
            AT.format("a", 0.86),
            "id: b, variant: norm=batch, value: 0.89",
            MOVES.format("c", "none", "batch", "none"),
        ],
        "Claim c states none for norm=batch against baseline, but b states 89 % and a states 86 %.",
    ),
    "classes and all": (
        [
            *by_class([0.962, 0.979, 0.944, 0.893, 0.963, 0.922, 0.974, 0.969, 0.984, 0.99]),
            AT.format("all", 0.956),
        ],
        "The accuracies by class of baseline have the mean 95.80 %, but claim all states 95.6 %.",
    ),
    "a class with two numbers, of which one fits": (
        [
            *by_class([0.962, 0.979, 0.944, 0.893, 0.963, 0.922, 0.974, 0.969, 0.984, 0.97]),
            "id: again, variant: baseline, of_class: ship, value: 0.97",
            AT.format("all", 0.956),
        ],
        "Claims ship and again state two numbers for the class_accuracy of baseline: 98.4 % "
        "and 97 %.",
    ),
    "no number of images": (
        [AT.format("a", 0.90685)],
        "Claim a: 90.685 % is not a whole number of 10,000 test images; it is a mean of several "
        "runs, or a misprint.",
    ),
    "no number of images of a class": (
        ["id: a, variant: baseline, of_class: cat, value: 0.8935"],
        "Claim a: 89.35 % is not a whole number of 1,000 test images; it is a mean of several "
        "runs, or a misprint.",
    ),
}
CONSISTENT = {
    "one number rounded": [AT.format("a", 0.9068), AT.format("b", 0.907)],
    "numbers of two variants": [AT.format("a", 0.9), "id: b, variant: norm=batch, value: 0.8"],
    "numbers of two metrics": [
        AT.format("a", 0.9),
        "id: b, variant: baseline, metric: train_loss, value: 0.3",
    ],
    "a limit that is kept": [
        "id: a, variant: baseline, metric: parameters, value: 62006",
        "id: b, variant: baseline, metric: parameters, value: 70000, effect: lower",
    ],
    "one direction twice": [
        MOVES.format("a", "none", "batch", "higher"),
        "id: b, variant: baseline, reference: norm=batch, effect: lower",
    ],
    "directions of two metrics": [
        MOVES.format("a", "none", "batch", "higher"),
        MOVES.format("b", "none", "batch", "lower") + ", metric: seconds",
    ],
    "a direction and its numbers": [
        AT.format("a", 0.86),
        "id: b, variant: norm=batch, value: 0.865",
        MOVES.format("c", "none", "batch", "higher"),
    ],
    "classes and their mean": [
        *by_class([0.962, 0.979, 0.944, 0.893, 0.963, 0.922, 0.974, 0.969, 0.984, 0.97]),
        AT.format("all", 0.956),
    ],
    "classes and a limit": [
        *by_class([0.962, 0.979, 0.944, 0.893, 0.963, 0.922, 0.974, 0.969, 0.984, 0.99]),
        AT.format("all", 0.9) + ", effect: higher",
    ],
    "limits to classes": [
        *(f"{claim}, effect: higher" for claim in by_class([0.8] * 10)),
        AT.format("all", 0.956),
    ],
    "differences of classes": [
        *(f"{claim}, reference: norm=batch" for claim in by_class([2.0] * 10)),
        AT.format("all", 0.956),
    ],
    "four decimals of ten thousand images": [AT.format("a", 0.9068)],
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradictions_of_a_paper_are_found(tmp_path: Path, name: str) -> None:
    """Both claims are named, with their numbers."""
    claims, message = CONTRADICTIONS[name]

    assert [message] == messages(tmp_path, *claims)


@pytest.mark.parametrize("name", CONSISTENT)
def test_claims_that_can_be_true_together_are_left_alone(tmp_path: Path, name: str) -> None:
    """Rounding, other variants and other metrics contradict nothing."""
    assert [] == messages(tmp_path, *CONSISTENT[name])


def test_a_profile_does_not_change_the_claims(tmp_path: Path) -> None:
    """The test images of a smoke test are not those of the paper."""
    claims = [AT.format("a", 0.9068), AT.format("b", 0.90685)]

    assert messages(tmp_path, *claims) == messages(tmp_path, *claims, profile="smoke")
