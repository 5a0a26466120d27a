"""Published numbers: could one further run here have given them?

A paper prints one run, so that the yardstick is the prediction interval of one further run, not the
confidence interval of a mean.

References:
    Patil, Peng and Leek, What should researchers expect when they replicate studies?, Perspectives
    on Psychological Science 11, 2016.
    Spence and Stanley, Prediction interval: What to expect when you're expecting ... a replication,
    PLOS ONE 11, 2016.
"""

import math

import numpy as np
import scipy

from cnn_ablate.stats.pairing import FloatArray


def prediction_half_width(values: FloatArray, *, image_error: float = 0.0) -> float:
    """Return half the 95 % prediction interval of one further run; NaN below two seeds.

    Args:
        values: One value per seed.
        image_error: Standard error that other test images add; 0 where they are the paper's.
    """
    n = len(values)
    if n < 2:
        return math.nan
    seeds = _quantile(n - 1) * float(np.std(values, ddof=1)) * math.sqrt(1 + 1 / n)
    return math.hypot(seeds, _quantile(math.inf) * image_error)


def difference_half_width(*sides: FloatArray) -> float:
    """Return half the 95 % prediction interval of a difference between further runs.

    The paper's runs were not paired by seed, so that the spreads of all count (Welch's degrees of
    freedom). NaN where a side has fewer than two seeds.

    Args:
        sides: Per side, one value per seed, times its weight in the difference.
    """
    if min(map(len, sides)) < 2:
        return math.nan
    terms = [float(np.var(side, ddof=1)) * (1 + 1 / len(side)) for side in sides]
    if sum(terms) == 0:
        return 0.0
    pairs = zip(terms, sides, strict=True)
    freedom = sum(terms) ** 2 / sum(t**2 / (len(side) - 1) for t, side in pairs)
    return _quantile(freedom) * math.sqrt(sum(terms))


def _quantile(freedom: float) -> float:
    return float(scipy.stats.t.ppf(0.975, freedom))
