"""Failure as an outcome: how often trials diverged or failed, and whether one side fails more."""

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from cnn_ablate.stats.units import Interval


def failure_interval(failed: int, trials: int) -> Interval:
    """Return the 95 % Clopper-Pearson interval of a failure rate; [0, 1] without trials."""
    if not trials:
        return 0.0, 1.0
    low, high = proportion_confint(failed, trials, method="beta")
    return float(low), float(high)


def failure_p(failed: int, trials: int, failed_reference: int, trials_reference: int) -> float:
    """Return the two-sided p of Fisher's exact test that both sides fail equally often."""
    table = np.array(
        [
            [failed, trials - failed],
            [failed_reference, trials_reference - failed_reference],
        ]
    )
    return float(stats.fisher_exact(table).pvalue)
