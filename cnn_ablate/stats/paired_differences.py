"""Paired differences, one per seed: intervals and tests of their mean.

Seeds are few, so the interval is Student's: it is exact for normal differences with any number of
seeds, where a bootstrap would be too narrow.
"""

import math

import numpy as np
import scipy

from cnn_ablate.stats.pairing import FloatArray
from cnn_ablate.stats.units import UNKNOWN, Interval


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
    return float(scipy.stats.t.ppf(0.5 + confidence / 2, freedom))


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
    return float(scipy.stats.t.sf(room * math.sqrt(n) / sd, n - 1))
