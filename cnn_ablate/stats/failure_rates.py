"""Failure as an outcome: how often trials diverged or failed, and whether one side fails more."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from cnn_ablate.schema import Contrast
from cnn_ablate.stats.units import Interval
from cnn_ablate.text import listed


@dataclass(frozen=True)
class Failures:
    """How the trials of both sides of a contrast ended, on the seeds that both were given.

    `words` says how they failed: `diverged`, `failed`, or both.
    """

    failed: int
    trials: int
    failed_reference: int
    trials_reference: int
    words: str = ""

    def __bool__(self) -> bool:
        """Return whether any trial failed."""
        return self.failed + self.failed_reference > 0

    @property
    def p(self) -> float:
        """Fisher's p that both sides fail equally often."""
        return failure_p(self.failed, self.trials, self.failed_reference, self.trials_reference)

    @property
    def smallest_p(self) -> float:
        """The smallest p that so many failures allow: all of them on one side."""
        total = self.failed + self.failed_reference
        ours, theirs = min(total, self.trials), min(total, self.trials_reference)
        extremes = ((ours, total - ours), (total - theirs, theirs))
        return min(failure_p(a, self.trials, b, self.trials_reference) for a, b in extremes)


def count_failures(trials: pd.DataFrame, contrast: Contrast, seeds: Collection[int]) -> Failures:
    """Count the trials of a contrast that ended without a value: diverged or failed."""
    ended = trials[trials["seed"].isin(list(seeds))]
    ours, theirs = (
        ended.loc[ended["variant"] == name, "status"]
        for name in (contrast.variant, contrast.reference)
    )
    words = sorted({str(status) for side in (ours, theirs) for status in side} - {"done"})
    counts = (int((ours != "done").sum()), len(ours), int((theirs != "done").sum()), len(theirs))
    return Failures(*counts, words=listed(words, "or"))


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
