"""Paired differences, one per seed: intervals and tests of their mean.

Seeds are few, so Student's interval comes first: it is exact for normal differences with any number
of seeds. The BCa bootstrap assumes no normality, but is too narrow below some twenty seeds.
"""

import math

import numpy as np
from scipy import stats

from cnn_ablate.stats.pairing import FloatArray
from cnn_ablate.stats.units import UNKNOWN, Interval

# Up to here all sign patterns are tried; as many random ones give a p of 0.05 to within 0.002.
EXACT_SEEDS = 14
RESAMPLES = 2**EXACT_SEEDS - 1


def sample_sd(differences: FloatArray) -> float:
    """Return the sample standard deviation (ddof 1); NaN below two seeds."""
    return float(np.std(differences, ddof=1)) if len(differences) > 1 else math.nan


def t_interval(differences: FloatArray, confidence: float = 0.95) -> Interval:
    """Return Student's interval of the mean; NaN below two seeds."""
    n = len(differences)
    if n < 2:
        return UNKNOWN
    half = t_quantile(n - 1, confidence) * sample_sd(differences) / math.sqrt(n)
    mean = float(np.mean(differences))
    return mean - half, mean + half


def t_quantile(freedom: float, confidence: float = 0.95) -> float:
    """Return the two-sided quantile of Student's t; the normal's for infinite `freedom`."""
    return float(stats.t.ppf(0.5 + confidence / 2, freedom))


def bca_interval(differences: FloatArray, confidence: float = 0.95) -> Interval:
    """Return the bias-corrected and accelerated bootstrap interval of the mean.

    It is the same in every call, and NaN below three seeds: with two, the jackknife cannot estimate
    the acceleration.

    Reference: Efron, Better bootstrap confidence intervals, JASA 82, 1987.
    """
    if len(differences) < 3:
        return UNKNOWN
    # Without spread the jackknife divides zero by zero.
    if np.ptp(differences) == 0:
        return float(differences[0]), float(differences[0])
    interval = stats.bootstrap(
        (differences,),
        np.mean,
        confidence_level=confidence,
        n_resamples=RESAMPLES,
        method="BCa",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(interval.low), float(interval.high)


def sign_flip_p(differences: FloatArray) -> float:
    """Return the two-sided p of a sign-flip test: are the differences symmetric about zero?

    It uses all sign patterns up to 14 seeds, and 16,383 random ones beyond, always the same, to
    which the observed pattern is added. NaN below two seeds.

    Reference: Fisher, The Design of Experiments, 1935, section 21; for the random patterns
    Phipson and Smyth, Permutation p-values should never be zero, 2010.
    """
    n = len(differences)
    if n < 2:
        return math.nan
    if n <= EXACT_SEEDS:
        flips = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    else:
        flips = np.random.default_rng(0).integers(0, 2, size=(RESAMPLES, n))
    # Sums that are equal on paper may differ in their last bits.
    threshold = abs(differences.sum()) - 1e-9 * np.abs(differences).sum()
    hits = np.count_nonzero(np.abs((2 * flips - 1) @ differences) >= threshold)
    return float(hits / 2**n if n <= EXACT_SEEDS else (hits + 1) / (RESAMPLES + 1))


def smallest_p(seeds: int) -> float:
    """Return the smallest p that `sign_flip_p` can return for so many seeds; NaN below two."""
    if seeds < 2:
        return math.nan
    # The observed pattern and its opposite are always counted: 2 of 2^n.
    return float(2.0 ** (1 - seeds)) if seeds <= EXACT_SEEDS else 1 / (RESAMPLES + 1)


def t_test_p(differences: FloatArray) -> float:
    """Return the two-sided p of Student's test that the mean is zero; NaN without spread."""
    n, sd = len(differences), sample_sd(differences)
    if n < 2 or sd == 0:
        return math.nan
    t = float(np.mean(differences)) * math.sqrt(n) / sd
    return float(2 * stats.t.sf(abs(t), n - 1))


def equivalence_p(differences: FloatArray, margin: float) -> float:
    """Return the p of an equivalence test: a small one rejects any mean outside +-margin.

    It is the larger p of two one-sided t tests (TOST), one at each end. NaN below two seeds.

    Reference: Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15, 1987.
    """
    n, sd = len(differences), sample_sd(differences)
    if n < 2:
        return math.nan
    # The test at the end nearer to the mean has the larger p.
    room = margin - abs(float(np.mean(differences)))
    if sd == 0:
        return float(room <= 0)
    return float(stats.t.sf(room * math.sqrt(n) / sd, n - 1))
