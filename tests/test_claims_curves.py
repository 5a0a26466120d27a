"""Claims on how fast and how steadily networks learn, and on what they make of training images."""

import pandas as pd
import pytest

from support.claims import judge, moved


def epochs(courses):
    """Make epochs.csv of the validation courses of trials."""
    return pd.DataFrame(
        [
            {
                "trial": trial,
                "epoch": epoch,
                "seconds": 1.0,
                "train_loss": 1.0,
                "train_accuracy": accuracy + 0.05,
                "val_accuracy": accuracy,
                "val_loss": loss,
            }
            for trial, course in courses.items()
            for epoch, (accuracy, loss) in enumerate(course, start=1)
        ]
    )


def test_a_gap_that_was_not_measured_is_no_gap():
    """Without accuracies on other images per epoch a claim on overfitting is not answered."""
    values = {"none": [0.5, 0.6, 0.5], "baseline": [0.6, 0.7, 0.5]}
    courses = {f"{name}-{seed}": FAST for name in values for seed in range(3)}
    trained = epochs(courses).drop(columns=["val_accuracy", "val_loss"])
    found = judge(moved(metric="accuracy_gap", effect="none"), values, epochs=trained)

    assert "inconclusive" == found.verdict
    assert "No finished trial has a gap between training and test accuracy." == found.reason


FAST = [(0.5, 1.0), (0.8, 0.9), (0.9, 0.8), (0.9, 0.7)]
SLOW = [(0.2, 1.0), (0.4, 2.0), (0.6, 1.0), (0.8, 2.0)]


@pytest.mark.parametrize(
    ("metric", "threshold", "effect", "measured"),
    [
        ("epochs_to_accuracy", 0.75, "lower", "-2.33"),
        ("seconds_to_accuracy", 0.75, "lower", "-2.33 s"),
        ("auc_accuracy", None, "higher", "+31.6 points"),
        ("instability", None, "lower", "-0.95"),
        ("best_accuracy", None, "higher", "+10.5 points"),
        ("train_accuracy", None, "higher", "+10.5 points"),
    ],
)
def test_courses_can_be_claimed(metric, threshold, effect, measured):
    """Faster and steadier are claims on metrics derived from the epochs."""
    first = [(0.50, 1.0), (0.51, 1.05), (0.76, 1.0)]
    last = [(0.90, 0.7), (0.91, 0.75), (0.905, 0.7)]
    courses = {f"baseline-{seed}": [first[seed], *FAST[1:3], last[seed]] for seed in range(3)}
    courses |= {f"none-{seed}": [(0.2, 1.0 + seed / 10), *SLOW[1:]] for seed in range(3)}
    claim = moved(metric=metric, threshold=threshold, effect=effect)
    found = judge(claim, {"none": [0.8] * 3, "baseline": [0.9] * 3}, epochs=epochs(courses))

    assert ("reproduced", measured) == (found.verdict, found.measured)
