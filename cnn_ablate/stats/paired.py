"""What some differences, one a seed, say of the mean difference: intervals and tests.

Seeds are few, so the t interval leads: it is exact for normal differences at any number of seeds,
while the BCa bootstrap, which assumes no normality, is too narrow below some twenty.
"""

import math

import numpy as np
from scipy import stats

from cnn_ablate.stats.pairing import UNKNOWN, FloatArray, Interval

EXACT_SEEDS = 14
DRAWS = 2**EXACT_SEEDS - 1


def spread(differences: FloatArray) -> float:
    """Give the sample standard deviation (ddof 1); NaN below two seeds."""
    return float(np.std(differences, ddof=1)) if len(differences) > 1 else math.nan


def t_interval(differences: FloatArray, confidence: float = 0.95) -> Interval:
    """Give Student's interval of the mean; NaN below two seeds."""
    n = len(differences)
    if n < 2:
        return UNKNOWN
    half = quantile(n - 1, confidence) * spread(differences) / math.sqrt(n)
    mean = float(np.mean(differences))
    return mean - half, mean + half


def quantile(freedom: float, confidence: float = 0.95) -> float:
    """Give the two-sided quantile of Student's t; of the normal at infinite degrees of freedom."""
    return float(stats.t.ppf(0.5 + confidence / 2, freedom))


def bca_interval(differences: FloatArray, confidence: float = 0.95) -> Interval:
    """Give the bias-corrected and accelerated bootstrap interval of the mean, always the same one.

    NaN below three seeds: of two, the jackknife cannot estimate an acceleration.

    Reference: Efron, Better bootstrap confidence intervals, JASA 82, 1987.
    """
    if len(differences) < 3:
        return UNKNOWN
    if np.ptp(differences) == 0:
        return float(differences[0]), float(differences[0])
    found = stats.bootstrap(
        (differences,),
        np.mean,
        confidence_level=confidence,
        n_resamples=DRAWS,
        method="BCa",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(found.low), float(found.high)


def sign_flip_p(differences: FloatArray) -> float:
    """Test that the differences are symmetric about zero, by flipping their signs; two-sided.

    All sign patterns up to 14 seeds, and from there on 16,383 random ones, always the same, with
    the observed one counted in. NaN below two seeds.

    Reference: Fisher, The Design of Experiments, 1935, section 21; for the random patterns
    Phipson and Smyth, Permutation p-values should never be zero, 2010.
    """
    n = len(differences)
    if n < 2:
        return math.nan
    if n <= EXACT_SEEDS:
        flips = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    else:
        flips = np.random.default_rng(0).integers(0, 2, size=(DRAWS, n))
    # Sums that are equal on paper may differ in their last bits.
    least = abs(differences.sum()) - 1e-9 * np.abs(differences).sum()
    hits = np.count_nonzero(np.abs((2 * flips - 1) @ differences) >= least)
    return float(hits / 2**n if n <= EXACT_SEEDS else (hits + 1) / (DRAWS + 1))


def smallest_p(seeds: int) -> float:
    """Give the smallest p that `sign_flip_p` can give with this many seeds; NaN below two."""
    if seeds < 2:
        return math.nan
    return float(2.0 ** (1 - seeds)) if seeds <= EXACT_SEEDS else 1 / (DRAWS + 1)


def t_test_p(differences: FloatArray) -> float:
    """Test that the mean is zero by Student's t; two-sided. NaN without spread or seeds."""
    n, sd = len(differences), spread(differences)
    if n < 2 or sd == 0:
        return math.nan
    t = float(np.mean(differences)) * math.sqrt(n) / sd
    return float(2 * stats.t.sf(abs(t), n - 1))


def equivalence_p(differences: FloatArray, margin: float) -> float:
    """Test that the mean lies outside +-margin: a small p says that there is no effect to speak of.

    The larger p of two one-sided t tests (TOST). NaN below two seeds.

    Reference: Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15, 1987.
    """
    n, sd = len(differences), spread(differences)
    if n < 2:
        return math.nan
    room = margin - abs(float(np.mean(differences)))
    if sd == 0:
        return float(room <= 0)
    return float(stats.t.sf(room * math.sqrt(n) / sd, n - 1))
