"""How fast, how steadily and how generally trials learn: metrics from the rows of epochs.csv."""

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from cnn_ablate.metrics import KNOWN_METRICS, at_threshold
from cnn_ablate.stats.pairing import FloatArray

CONVERGENCE_METRICS = tuple(n for n, known in KNOWN_METRICS.items() if known.source == "curves")
"""Metrics that `convergence` adds to the columns of results.csv."""
_TRAINED = "train_accuracy"


def convergence(epochs: pd.DataFrame, thresholds: Iterable[float] = ()) -> pd.DataFrame:
    """Compute the convergence metrics of each trial.

    They are those of the validation images; without these of the test images, if measured in each
    epoch; without these of the training images, which leave no gap between accuracies.

    Args:
        epochs: Rows of epochs.csv.
        thresholds: Accuracies to reach, as fractions.

    Returns:
        One row per trial: `trial` and the metrics of curves (accuracies are fractions); for each
        threshold `epochs_to_accuracy_<threshold>` and `seconds_to_accuracy_<...>`, infinite if it
        was never reached.
    """
    # An iterator would be exhausted after the first trial.
    thresholds = tuple(thresholds)
    plain = [name for name in CONVERGENCE_METRICS if "_to_" not in name]
    timed = [
        at_threshold(name, threshold).name
        for threshold in thresholds
        for name in CONVERGENCE_METRICS
        if "_to_" in name
    ]
    columns = ["trial", *plain, *timed]
    if epochs.empty:
        return pd.DataFrame(columns=columns)
    finite = _finite(epochs)
    accuracy, loss = observed(finite)
    rows = []
    # Rows of a resumed trial may be in any order.
    for trial, history in finite.sort_values("epoch").groupby("trial", sort=False):
        reached = history[accuracy].to_numpy(float)
        seconds = history["seconds"].to_numpy(float)
        row = [
            trial,
            reached.max(),
            area(reached),
            instability(history[loss].to_numpy(float)),
            history[_TRAINED].iloc[-1],
            math.nan if accuracy == _TRAINED else history[_TRAINED].iloc[-1] - reached[-1],
        ]
        rows.append([*row, *(t for at in thresholds for t in first_reached(reached, seconds, at))])
    return pd.DataFrame(rows, columns=columns)


def _finite(epochs: pd.DataFrame) -> pd.DataFrame:
    """Leave out the last epoch of trials that diverged, which has no finite loss."""
    losses = pd.to_numeric(epochs["train_loss"]).astype(float)
    # A user's script may record no losses at all.
    return epochs if losses.isna().all() else epochs[np.isfinite(losses)]


def observed(epochs: pd.DataFrame) -> tuple[str, str]:
    """Return the columns of accuracy and loss on the images least used for training."""
    # Columns that were not measured in every epoch, or for every trial, would mix kinds of images.
    for images in ("val", "test"):
        accuracy, loss = f"{images}_accuracy", f"{images}_loss"
        if {accuracy, loss} <= {*epochs} and epochs[accuracy].notna().all():
            return accuracy, loss
    return _TRAINED, "train_loss"


def area(accuracy: FloatArray) -> float:
    """Return the area under a curve (epochs,) by the trapezoid rule, as its mean height."""
    # The trapezoids span one epoch less than there are points: with one point there are none.
    if len(accuracy) == 1:
        return float(accuracy[0])
    return float(np.trapezoid(accuracy)) / (len(accuracy) - 1)


def instability(loss: FloatArray) -> float:
    """Return the mean size of the turns of a loss (epochs,).

    NaN below three epochs, or if the loss of one is not known.

    At an inner epoch where one of the two steps beside it goes up and the other down, the turn is
    the smaller of the two steps; elsewhere it is zero. So a loss that only falls has none, however
    curved it is, and one that swings by d in every epoch has d.
    """
    if len(loss) < 3 or np.isnan(loss).any():
        return math.nan
    steps = np.diff(loss)
    before, after = steps[:-1], steps[1:]
    turns = np.where(before * after < 0, np.minimum(np.abs(before), np.abs(after)), 0.0)
    return float(turns.mean())


def first_reached(
    accuracy: FloatArray, seconds: FloatArray, threshold: float
) -> tuple[float, float]:
    """Return the epochs and seconds until an accuracy was first reached; infinity if never."""
    hits = np.flatnonzero(accuracy >= threshold)
    if not len(hits):
        return math.inf, math.inf
    # Epochs count from 1.
    return float(hits[0] + 1), float(seconds[: hits[0] + 1].sum())
