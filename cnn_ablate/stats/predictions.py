"""Stored predictions of trials, read once each, and two variants compared image by image."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn_ablate.metrics import ImagePredictions, resampled
from cnn_ablate.schema import Metric
from cnn_ablate.stats.pairing import FloatArray, trials_by_seed


class Predictions(Protocol):
    """Predictions of one trial for the test images, in file order."""

    @property
    def label(self) -> NDArray[np.integer[Any]]:
        """The true classes (n,)."""

    @property
    def predicted(self) -> NDArray[np.integer[Any]]:
        """The predicted classes (n,)."""


@dataclass(frozen=True)
class ScoredImages:
    """True classes (n,) of the test images, and 1 for each that a trial classified correctly."""

    label: NDArray[np.integer[Any]]
    correct: NDArray[np.int64]


class PredictionReader:
    """Read the predictions of each trial once, and keep only which images were correct.

    One reader serves a whole analysis: effects, verdicts and figures ask for the same trials.
    """

    def __init__(
        self,
        read: Callable[[str], Predictions | None],
        read_probabilities: Callable[[str], ImagePredictions | None] = lambda _: None,
    ) -> None:
        self._read, self._read_probabilities = read, read_probabilities
        self._scored: dict[str, ScoredImages] = {}
        self._resampled: dict[tuple[str, str, int | None], FloatArray | None] = {}

    def scored(self, trial: str) -> ScoredImages | None:
        """Return the scored images of a trial by its id; None if its predictions are not here."""
        if trial not in self._scored:
            predictions = self._read(trial)
            if predictions is None:
                return None
            # Probabilities are dropped: they need many times the memory, and are not needed here.
            correct = np.asarray(predictions.label == predictions.predicted, dtype=np.int64)
            self._scored[trial] = ScoredImages(predictions.label, correct)
        return self._scored[trial]

    def resampled(self, trial: str, metric: str, of_class: int | None = None) -> FloatArray | None:
        """Return a metric of a trial on bootstrap draws of its test images (draws,), or None."""
        key = trial, metric, of_class
        if key not in self._resampled:
            seen = self._read_probabilities(trial)
            self._resampled[key] = resampled(metric, seen, of_class) if seen else None
        return self._resampled[key]


@dataclass(frozen=True)
class WeightedImages:
    """Correct answers per test image, summed over variants with their weights and over seeds.

    `net` (n,) is summed over `seeds` seeds: with weights 1 and -1 it is how many more of the
    variant's networks classified this image correctly than of the reference's. `label` (n,) are
    the true classes.
    """

    net: FloatArray
    seeds: int
    label: NDArray[np.integer[Any]]

    @property
    def scores(self) -> FloatArray:
        """The mean over seeds (n,)."""
        return self.net / max(self.seeds, 1)


def weigh_images(
    trials: pd.DataFrame, weights: Mapping[str, float], predictions: PredictionReader
) -> WeightedImages | None:
    """Compare variants on each test image, over the seeds that all of them have done.

    Returns:
        None if there is no such seed, if predictions are not here, or if the variants were not
        tested on the same images.
    """
    paired = trials_by_seed(trials, list(weights))
    pairs = [(weight, trial) for name, weight in weights.items() for trial in paired[name]]
    scored = [(w, images) for w, trial in pairs if (images := predictions.scored(trial))]
    if not scored or len(scored) < len(pairs):
        return None
    labels = scored[0][1].label
    # Equal labels in the same order are taken for the same images.
    if not all(np.array_equal(labels, images.label) for _, images in scored):
        return None
    net = np.sum([weight * images.correct for weight, images in scored], axis=0, dtype=float)
    return WeightedImages(net, len(paired), labels)


def resample_images(
    trials: pd.DataFrame,
    weights: Mapping[str, float],
    metric: Metric,
    predictions: PredictionReader,
    of_class: int | None = None,
) -> FloatArray | None:
    """Return the weighted sum of a metric over variants on draws of the test images (draws,).

    It is the mean over the seeds that all variants have done, in the unit of differences; None as
    for `weigh_images`, or if the metric is not computed from predictions. With a class it is a
    metric of that class.
    """
    paired = trials_by_seed(trials, list(weights))
    if weigh_images(trials, weights, predictions) is None:
        return None
    drawn = [
        weight * metric.scale * draws
        for name, weight in weights.items()
        for trial in paired[name]
        if (draws := predictions.resampled(trial, metric.name, of_class)) is not None
    ]
    complete = len(drawn) == paired.size
    return np.sum(drawn, axis=0) / len(paired) if drawn and complete else None
