"""Stored predictions of trials, read once each, and two variants compared image by image."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn_ablate.stats.image_noise import mcnemar_p
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

    def __init__(self, read: Callable[[str], Predictions]) -> None:
        self._read = read
        self._scored: dict[str, ScoredImages] = {}

    def scored(self, trial: str) -> ScoredImages:
        """Return the scored images of a trial by its id."""
        if trial not in self._scored:
            predictions = self._read(trial)
            # Probabilities are dropped: they need many times the memory, and are not needed here.
            correct = np.asarray(predictions.label == predictions.predicted, dtype=np.int64)
            self._scored[trial] = ScoredImages(predictions.label, correct)
        return self._scored[trial]


@dataclass(frozen=True)
class WeightedImages:
    """Correct answers per test image, summed over variants with their weights and over seeds.

    `net` (n,) is summed over `seeds` seeds: with weights 1 and -1 it is how many more of the
    variant's networks classified this image correctly than of the reference's.
    """

    net: FloatArray
    seeds: int

    @property
    def scores(self) -> FloatArray:
        """The mean over seeds (n,)."""
        return self.net / max(self.seeds, 1)


def weigh_images(
    trials: pd.DataFrame, weights: Mapping[str, float], predictions: PredictionReader
) -> WeightedImages | None:
    """Compare variants on each test image, over the seeds that all of them have done.

    Returns:
        None if there is no such seed, or if the variants were not tested on the same images.
    """
    paired = trials_by_seed(trials, list(weights))
    scored = [
        (weight, predictions.scored(trial))
        for variant, weight in weights.items()
        for trial in paired[variant]
    ]
    if not scored:
        return None
    labels = scored[0][1].label
    # Equal labels in the same order are taken for the same images.
    if not all(np.array_equal(labels, images.label) for _, images in scored):
        return None
    net = np.sum([weight * images.correct for weight, images in scored], axis=0, dtype=float)
    return WeightedImages(net, len(paired))


def mcnemar(
    trials: pd.DataFrame, variant: str, reference: str, predictions: PredictionReader
) -> pd.DataFrame:
    """Compare two variants image by image, for each seed alone.

    Returns:
        One row per seed: `seed`, `images`, `only_variant`, `only_reference` (images that only this
        side classified correctly) and the exact `p`.
    """
    rows = []
    # The networks of one seed saw the same batches in the same order, so they are compared alone.
    for seed, pair in trials_by_seed(trials, [variant, reference]).iterrows():
        ours, theirs = (predictions.scored(pair[name]).correct for name in (variant, reference))
        net = ours - theirs
        won, lost = int((net > 0).sum()), int((net < 0).sum())
        rows.append((seed, len(net), won, lost, mcnemar_p(won, lost)))
    return pd.DataFrame(rows, columns=["seed", "images", "only_variant", "only_reference", "p"])
