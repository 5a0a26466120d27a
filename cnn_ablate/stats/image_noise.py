"""Noise of the test set: intervals and tests over test images, with the networks as they are.

A test image is the unit here. These numbers say how far other test images, as many, could move a
result; the noise of the seeds is in `paired`, and the two are reported apart.
"""

import math
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from cnn_ablate.stats.pairing import FloatArray
from cnn_ablate.stats.units import UNKNOWN, Interval

# Enough for an end of a 95 % interval to have a standard error of under 1 % of the width.
_RESAMPLES = 10_000
# Above the rounding errors of a mean of differences in points, below any real one.
_ROUNDING = 1e-9


def wilson(correct: float, n: float, confidence: float = 0.95) -> Interval:
    """Return Wilson's interval of an accuracy that was counted on n images, as fractions.

    Unlike the normal approximation it stays inside [0, 1], also for accuracies near the ends.

    Reference: Wilson, JASA 22, 1927; Brown, Cai and DasGupta, Statistical Science 16, 2001.
    """
    from statsmodels.stats.proportion import proportion_confint  # noqa: PLC0415 - takes a second

    if n == 0:
        return UNKNOWN
    low, high = proportion_confint(correct, n, alpha=1 - confidence, method="wilson")
    return float(low), float(high)


def standard_error(fraction: float, images: float) -> float:
    """Return the binomial standard error of a fraction of so many images; NaN without any."""
    return math.sqrt(max(fraction * (1 - fraction), 0.0) / images) if images else math.nan


def image_interval(scores: FloatArray, confidence: float = 0.95) -> Interval:
    """Return the percentile bootstrap interval of the mean score over test images (n,).

    An image keeps the scores of both sides, so the bootstrap is paired.

    Reference: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    if len(scores) == 0:
        return UNKNOWN
    # Scores take few different values, so it is enough to draw how often each value occurs:
    # a multinomial draw has the same distribution as drawing images, and is far quicker.
    values, counts = np.unique(np.round(scores, 12), return_counts=True)
    chances = counts / len(scores)
    drawn = np.random.default_rng(0).multinomial(len(scores), chances, size=_RESAMPLES)
    return percentiles(drawn @ values / len(scores), confidence)


def percentiles(draws: FloatArray, confidence: float = 0.95) -> Interval:
    """Return the percentile interval of bootstrap draws (draws,).

    An end that is zero but for rounding errors of the draws is zero: it does not exclude zero.
    """
    tail = 50 * (1 - confidence)
    ends = np.nanpercentile(draws, [tail, 100 - tail])
    low, high = np.where(np.abs(ends) < _ROUNDING, 0.0, ends)
    return float(low), float(high)


def pooled_mcnemar_p(net: NDArray[np.integer[Any]]) -> float:
    """Return McNemar's p over several seeds, where each image's net wins (n,) may have either sign.

    Seeds are blocks, and the results of one image under all of them stay together: adding up the
    discordant counts of the seeds would count an image that is hard for one side several times, as
    if it were several images. For one seed this is McNemar's exact test. For many images it
    approaches the clustered test of Durkalski et al., Statistics in Medicine 22, 2003, with images
    as clusters.
    """
    sizes, counts = np.unique(np.abs(net[net != 0]), return_counts=True)
    chances = np.ones(1)
    # The exact distribution of the sum: images with equal |net| flip as one binomial variable, and
    # the sum of independent variables has the convolution of their distributions.
    for size, count in zip(sizes, counts, strict=True):
        steps = np.zeros(2 * size * count + 1)
        steps[:: 2 * size] = scipy.stats.binom.pmf(np.arange(count + 1), count, 0.5)
        chances = np.convolve(chances, steps)
    sums = np.arange(len(chances)) - len(chances) // 2
    # Sums of many probabilities can exceed 1 by a rounding error.
    return min(1.0, float(chances[np.abs(sums) >= abs(int(net.sum()))].sum()))
