"""How fast and how steadily trials learn: metrics derived from the course of their epochs."""

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from cnn_ablate.stats.pairing import FloatArray

# What `derived` adds to the columns of results.csv.
DERIVED = {
    "best_accuracy": "Highest accuracy of any epoch.",
    "auc_accuracy": "Area under the accuracy over epochs, divided by their number.",
    "instability": "How far the loss turns round at an epoch, in the mean over epochs.",
    "train_accuracy": "Accuracy on the training images, as they were augmented, in the last epoch.",
    "epochs_to_accuracy": "Epochs until the accuracy first reaches the threshold.",
    "seconds_to_accuracy": "Training seconds until then.",
}


def derived(epochs: pd.DataFrame, thresholds: Iterable[float] = ()) -> pd.DataFrame:
    """Sum up the course of each trial.

    Courses are those of the validation images; without them those of the test images, measured each
    epoch; without these those of the training images.

    Args:
        epochs: Rows of epochs.csv.
        thresholds: Accuracies to reach, as fractions.

    Returns:
        One row a trial: `trial`, `best_accuracy`, `auc_accuracy`, `instability`, `train_accuracy`
        (accuracies are fractions), and for each threshold `epochs_to_accuracy_<threshold>` and
        `seconds_to_accuracy_<...>`, infinite where it was never reached.
    """
    thresholds = tuple(thresholds)
    plain = [name for name in DERIVED if "_to_" not in name]
    timed = [named(name, at) for at in thresholds for name in DERIVED if "_to_" in name]
    columns = ["trial", *plain, *timed]
    if epochs.empty:
        return pd.DataFrame(columns=columns)
    # The last epoch of a trial that diverged has no finite loss.
    sound = epochs[np.isfinite(pd.to_numeric(epochs["train_loss"]).astype(float))]
    accuracy, loss = observed(sound)
    rows = []
    for trial, course in sound.sort_values("epoch").groupby("trial", sort=False):
        reached = course[accuracy].to_numpy(float)
        seconds = course["seconds"].to_numpy(float)
        swings = instability(course[loss].to_numpy(float))
        trained = course["train_accuracy"].iloc[-1]
        row = [trial, reached.max(), area(reached), swings, trained]
        rows.append([*row, *(t for at in thresholds for t in first(reached, seconds, at))])
    return pd.DataFrame(rows, columns=columns)


def named(metric: str, threshold: float | None) -> str:
    """Give the column of a metric that has a threshold: `epochs_to_accuracy_0.7`."""
    return metric if threshold is None else f"{metric}_{threshold:g}"


def observed(epochs: pd.DataFrame) -> tuple[str, str]:
    """Choose the columns of accuracy and loss that tell most: of val, test and train."""
    for images in ("val", "test"):
        names = f"{images}_accuracy", f"{images}_loss"
        if all(name in epochs and epochs[name].notna().all() for name in names):
            return names
    return "train_accuracy", "train_loss"


def area(accuracy: FloatArray) -> float:
    """Give the area under a curve by the trapezoid rule, as the mean height over its epochs."""
    if len(accuracy) == 1:
        return float(accuracy[0])
    return float(np.trapezoid(accuracy)) / (len(accuracy) - 1)


def instability(loss: FloatArray) -> float:
    """Give how far a loss turns round at an epoch, in the mean over all but the first and the last.

    Where one of the two steps beside an epoch goes up and the other down, it is the smaller of
    them; else nothing. So a course that only falls has none, however it bends, and one that swings
    by d every epoch has d. NaN below three epochs.
    """
    if len(loss) < 3:
        return math.nan
    steps = np.diff(loss)
    one, other = steps[:-1], steps[1:]
    turns = np.where(one * other < 0, np.minimum(np.abs(one), np.abs(other)), 0.0)
    return float(turns.mean())


def first(accuracy: FloatArray, seconds: FloatArray, threshold: float) -> tuple[float, float]:
    """Give the epochs and the seconds after which an accuracy was first reached; else infinity."""
    hits = np.flatnonzero(accuracy >= threshold)
    if not len(hits):
        return math.inf, math.inf
    return float(hits[0] + 1), float(seconds[: hits[0] + 1].sum())
