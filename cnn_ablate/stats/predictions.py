"""What the stored predictions say: the noise of the test set, apart from that of the seeds.

A test image is the unit here, and the trained networks are taken as they are.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from cnn_ablate.stats.pairing import UNKNOWN, FloatArray, Interval, trials_by_seed

_RESAMPLES = 10_000


class Predictions(Protocol):
    """What one trial predicted for the test images, in file order."""

    @property
    def label(self) -> NDArray[np.integer[Any]]:
        """The true classes (n,)."""

    @property
    def predicted(self) -> NDArray[np.integer[Any]]:
        """The predicted classes (n,)."""


Reader = Callable[[str], Predictions]
"""Gives the predictions of a trial by its id."""

Answer = tuple[NDArray[np.integer[Any]], NDArray[np.int64]]
Answers = Callable[[str], Answer]
"""Gives the true classes (n,) and 1 where a trial was right (n,), by the trial's id."""


def wilson(correct: float, n: float, confidence: float = 0.95) -> Interval:
    """Give the interval of an accuracy, as fractions, that was counted on n images.

    Reference: Wilson, JASA 22, 1927; Brown, Cai and DasGupta, Statistical Science 16, 2001.
    """
    if n == 0:
        return UNKNOWN
    low, high = proportion_confint(correct, n, alpha=1 - confidence, method="wilson")
    return float(low), float(high)


def mcnemar_p(only_variant: int, only_reference: int) -> float:
    """Test that two classifiers are right equally often, from the images that only one got right.

    Exact at every count. Reference: McNemar, Psychometrika 12, 1947.
    """
    discordant = only_variant + only_reference
    return float(stats.binomtest(only_variant, discordant).pvalue) if discordant else 1.0


def pooled_mcnemar_p(net: NDArray[np.integer[Any]]) -> float:
    """Test the same over several seeds: each image's net wins (n,) may carry either sign.

    The seeds are blocks, and what one image gives in all of them stays together: to add up the
    discordant counts of the seeds would count an image that is hard for one side again and again,
    as if each were a new one. The distribution is exact, by convolution, and for one seed the test
    is McNemar's. For many images it tends to the clustered McNemar of Durkalski et al., Statistics
    in Medicine 22, 2003, with images as clusters.
    """
    sizes, counts = np.unique(np.abs(net[net != 0]), return_counts=True)
    chances = np.ones(1)
    for size, count in zip(sizes, counts, strict=True):
        steps = np.zeros(2 * size * count + 1)
        steps[:: 2 * size] = stats.binom.pmf(np.arange(count + 1), count, 0.5)
        chances = np.convolve(chances, steps)
    sums = np.arange(len(chances)) - len(chances) // 2
    return min(1.0, float(chances[np.abs(sums) >= abs(int(net.sum()))].sum()))


def image_interval(scores: FloatArray, confidence: float = 0.95) -> Interval:
    """Give the paired bootstrap interval of the mean score over test images (n,).

    The scores take few different values, so that to draw how often each is drawn is to draw images.
    """
    if len(scores) == 0:
        return UNKNOWN
    values, counts = np.unique(np.round(scores, 12), return_counts=True)
    chances = counts / len(scores)
    drawn = np.random.default_rng(0).multinomial(len(scores), chances, size=_RESAMPLES)
    tail = 50 * (1 - confidence)
    low, high = np.percentile(drawn @ values / len(scores), [tail, 100 - tail])
    return float(low), float(high)


@dataclass(frozen=True)
class Images:
    """What some variants, weighed against each other, come to on each test image (n,).

    `net` is summed over `seeds` seeds: of one variant against another, how many more of the
    variant's networks got this image right than of the reference's.
    """

    net: FloatArray
    seeds: int

    @property
    def scores(self) -> FloatArray:
        """The mean over seeds."""
        return self.net / max(self.seeds, 1)


def answers(read: Reader) -> Answers:
    """Read each trial once, and keep of its predictions what was asked and what was right."""

    @cache
    def answer(trial: str) -> Answer:
        found = read(trial)
        return found.label, np.asarray(found.label == found.predicted, dtype=np.int64)

    return answer


def weigh_images(
    trials: pd.DataFrame, weights: Mapping[str, float], answer: Answers
) -> Images | None:
    """Weigh variants on each test image, over the seeds that all of them have done.

    None where there is no such seed, or where they were not tested on the same images.
    """
    wide = trials_by_seed(trials, list(weights))
    found = [(w, *answer(trial)) for v, w in weights.items() for trial in wide[v]]
    if not found or not all(np.array_equal(found[0][1], label) for _, label, _ in found):
        return None
    net = np.sum([weight * right for weight, _, right in found], axis=0, dtype=float)
    return Images(net, len(wide))


def mcnemar(trials: pd.DataFrame, variant: str, reference: str, answer: Answers) -> pd.DataFrame:
    """Compare two variants image by image, seed by seed.

    Returns:
        Columns `seed`, `images`, `only_variant`, `only_reference` (images that only this side got
        right) and the exact `p`.
    """
    rows = []
    for seed, pair in trials_by_seed(trials, [variant, reference]).iterrows():
        net = answer(pair[variant])[1] - answer(pair[reference])[1]
        won, lost = int((net > 0).sum()), int((net < 0).sum())
        rows.append((seed, len(net), won, lost, mcnemar_p(won, lost)))
    return pd.DataFrame(rows, columns=["seed", "images", "only_variant", "only_reference", "p"])


def image_noise(share: float, images: float) -> float:
    """Give the standard error of a share that was counted on so many images."""
    return math.sqrt(max(share * (1 - share), 0.0) / images) if images else math.nan
