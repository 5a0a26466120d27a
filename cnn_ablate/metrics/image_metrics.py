"""Metrics of the predictions for the test images: their values, and their spread over images.

Each is a function of predictions and of weights (draws, n), one row per draw of the images, so that
a metric and its bootstrap have one definition. The metric itself has one row of ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

BINS = 15
"""Bins of confidence in which accuracy is compared with it."""
# Draws of a bootstrap, fewer where they would need much memory: numbers of images times draws.
_DRAWS, _MOST_WEIGHTS = 1000, 20_000_000
# Below half of the smallest half-precision number above 0, probabilities are stored as 0.
_LEAST_PROBABILITY = 2.0**-25
_CHUNK = 100


@dataclass(frozen=True)
class ImagePredictions:
    """The predictions of one trial for n test images, in file order.

    `label` and `predicted` are (n,); `probability` is (n, classes), or None where a trial has kept
    classes alone.
    """

    label: NDArray[np.integer[Any]]
    predicted: NDArray[np.integer[Any]]
    probability: FloatArray | None = None

    @property
    def correct(self) -> FloatArray:
        """1 for each image that is classified correctly, else 0 (n,)."""
        return np.asarray(self.label == self.predicted, dtype=np.float64)

    @property
    def probabilities(self) -> FloatArray:
        """The probabilities (n, classes), which metrics that need them ask for."""
        assert self.probability is not None
        return self.probability


Definition = Callable[[ImagePredictions, FloatArray], FloatArray]


def value(name: str, seen: ImagePredictions) -> float:
    """Return a metric of the predictions of a trial; NaN if they lack what it needs."""
    if not is_defined(name, seen):
        return float("nan")
    return float(DEFINITIONS[name](seen, np.ones((1, len(seen.label))))[0])


def resampled(name: str, seen: ImagePredictions, of_class: int | None = None) -> FloatArray | None:
    """Return a metric on bootstrap draws of the test images (draws,); None as for `value`.

    With a class it is the `accuracy`, `precision`, `recall` or `f1` of that class.

    The draws depend on the number of images alone, so that trials are compared on the same ones.

    Reference: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    definition = DEFINITIONS.get(name)
    if of_class is not None:
        definition = partial(class_share, name, of_class) if len(seen.label) else None
    elif not is_defined(name, seen):
        definition = None
    if definition is None:
        return None
    weights = _bootstrap_weights(len(seen.label))
    parts = [weights[i : i + _CHUNK] for i in range(0, len(weights), _CHUNK)]
    return np.concatenate([definition(seen, part.astype(np.float64)) for part in parts])


def is_defined(name: str, seen: ImagePredictions) -> bool:
    """Return whether a metric can be computed from predictions."""
    has_probabilities = seen.probability is not None or name in OF_CLASSES_ALONE
    return name in DEFINITIONS and len(seen.label) > 0 and has_probabilities


def balanced_accuracy(seen: ImagePredictions, weights: FloatArray) -> FloatArray:
    """Return the mean recall of the classes that have images."""
    hits, true, _ = _class_counts(seen, weights)
    return _mean_over(true > 0, hits, true)


def macro_f1(seen: ImagePredictions, weights: FloatArray) -> FloatArray:
    """Return the mean F1 of the classes that have images; 0 for those never predicted."""
    hits, true, predicted = _class_counts(seen, weights)
    return _mean_over(true > 0, 2 * hits, true + predicted)


def class_share(name: str, index: int, seen: ImagePredictions, weights: FloatArray) -> FloatArray:
    """Return the accuracy, precision, recall or F1 of a class; NaN in draws without its images.

    In draws in which it is never predicted, its precision is NaN, too.
    """
    true, predicted = (weights @ (one == index) for one in (seen.label, seen.predicted))
    hits = weights @ ((seen.label == index) & (seen.predicted == index))
    wholes = {"precision": predicted, "f1": (true + predicted) / 2}
    whole = np.where(true > 0, wholes.get(name, true), 0)
    with np.errstate(invalid="ignore"):
        shares: FloatArray = hits / np.where(whole > 0, whole, np.nan)
    return shares


def auroc(seen: ImagePredictions, weights: FloatArray) -> FloatArray:
    """Return the mean area under the ROC curve of each class against the rest.

    A class without images, or without others, has none.
    """
    areas = [
        _area_under_roc(seen.label == index, scores, weights)
        for index, scores in enumerate(seen.probabilities.T)
    ]
    return _mean_over(~np.isnan(areas).T, np.nan_to_num(areas).T, np.ones_like(areas).T)


def top5_accuracy(seen: ImagePredictions, weights: FloatArray) -> FloatArray:
    """Return the fraction of images whose class is among the five most probable."""
    # Of equal probabilities the last ones count as higher, as in scikit-learn.
    best = np.argsort(seen.probabilities, axis=1, kind="stable")[:, -5:]
    return _mean((best == seen.label[:, None]).any(axis=1), weights)


def nll(seen: ImagePredictions, weights: FloatArray) -> FloatArray:
    """Return the mean negative log-probability of the true class, in nats."""
    chances = np.take_along_axis(seen.probabilities, seen.label[:, None].astype(int), 1)[:, 0]
    return _mean(-np.log(np.maximum(chances, _LEAST_PROBABILITY)), weights)


def brier(seen: ImagePredictions, weights: FloatArray) -> FloatArray:
    """Return the mean squared distance of the probabilities from the true class.

    Reference: Brier, Monthly Weather Review 78, 1950: summed over classes, from 0 to 2.
    """
    truth = seen.label[:, None] == np.arange(seen.probabilities.shape[1])
    return _mean(((seen.probabilities - truth) ** 2).sum(axis=1), weights)


def confidence_bin(confidence: FloatArray) -> NDArray[np.int_]:
    """Return the bin of each confidence, 0 to BINS - 1, of the same shape."""
    bins: NDArray[np.int_] = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
    return bins


def ece(seen: ImagePredictions, weights: FloatArray) -> FloatArray:
    """Return the distance of accuracy from confidence per bin, weighted by the images of each.

    Reference: Guo et al., On calibration of modern neural networks, 2017, eq. 3.
    """
    confidence = seen.probabilities.max(axis=1)
    gaps = (confidence_bin(confidence)[:, None] == np.arange(BINS)) * (seen.correct - confidence)[
        :, None
    ]
    totals: FloatArray = np.abs(weights @ gaps).sum(axis=1) / weights.sum(axis=1)
    return totals


DEFINITIONS: Mapping[str, Definition] = {
    "balanced_accuracy": balanced_accuracy,
    "macro_f1": macro_f1,
    "auroc": auroc,
    "top5_accuracy": top5_accuracy,
    "nll": nll,
    "brier": brier,
    "ece": ece,
}
"""The metrics that are computed from predictions, by name."""
OF_CLASSES_ALONE = frozenset({"balanced_accuracy", "macro_f1"})
"""The metrics that need no probabilities."""


def _class_counts(
    seen: ImagePredictions, weights: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Count the correct, true and predicted images per draw and class (draws, classes)."""
    classes = np.arange(1 + max(seen.label.max(), seen.predicted.max()))
    true, predicted = (one[:, None] == classes for one in (seen.label, seen.predicted))
    return weights @ (true & predicted), weights @ true, weights @ predicted


def _mean(scores: NDArray[Any], weights: FloatArray) -> FloatArray:
    """Return the weighted mean of a score per image (n,), one per draw."""
    means: FloatArray = weights @ scores.astype(np.float64) / weights.sum(axis=1)
    return means


def _mean_over(chosen: NDArray[np.bool_], parts: FloatArray, wholes: FloatArray) -> FloatArray:
    """Return the mean ratio over the chosen classes of each draw; NaN where there are none."""
    ratios = np.divide(parts, wholes, out=np.zeros_like(parts), where=chosen)
    with np.errstate(invalid="ignore"):
        means: FloatArray = ratios.sum(axis=1) / chosen.sum(axis=1)
    return means


def _area_under_roc(
    positive: NDArray[np.bool_], scores: FloatArray, weights: FloatArray
) -> FloatArray:
    """Return how often a positive image has a higher score than a negative one; ties count half."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    hits, misses = (
        np.add.reduceat(weights[:, order] * side[order], starts, axis=1)
        for side in (positive, ~positive)
    )
    below = np.cumsum(misses, axis=1) - misses / 2
    with np.errstate(invalid="ignore"):
        areas: FloatArray = (hits * below).sum(axis=1) / (hits.sum(axis=1) * misses.sum(axis=1))
    return areas


@lru_cache(maxsize=1)
def _bootstrap_weights(n: int) -> NDArray[np.float32]:
    """Return how often each of n images is drawn (draws, n)."""
    draws = max(1, min(_DRAWS, _MOST_WEIGHTS // n))
    rng = np.random.default_rng(0)
    return np.stack(
        [np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(draws)]
    ).astype(np.float32)
