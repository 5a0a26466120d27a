"""Failure as an outcome: how often trials diverged or failed, and whether one side fails more."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import scipy

from cnn_ablate.stats.units import Interval
from cnn_ablate.text import listed

Sides = tuple[str, str]
"""The names of a variant and of its reference."""


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


NO_FAILURES = Failures(0, 0, 0, 0)


def count_failures(trials: pd.DataFrame, sides: Sides, seeds: Collection[int]) -> Failures:
    """Count the trials of a variant and its reference that ended without a value, by side."""
    # Three columns only: to copy all of each row per contrast takes long with many trials.
    status, variants = trials["status"].to_numpy(), trials["variant"].to_numpy()
    given = trials["seed"].isin(list(seeds)).to_numpy()
    ours, theirs = (status[given & (variants == name)] for name in sides)
    words = sorted({str(status) for side in (ours, theirs) for status in side} - {"done"})
    counts = (int((ours != "done").sum()), len(ours), int((theirs != "done").sum()), len(theirs))
    return Failures(*counts, words=listed(words, "or"))


def failure_interval(failed: int, trials: int) -> Interval:
    """Return the 95 % Clopper-Pearson interval of a failure rate; [0, 1] without trials."""
    from statsmodels.stats.proportion import proportion_confint  # noqa: PLC0415 - takes a second

    if not trials:
        return 0.0, 1.0
    low, high = proportion_confint(failed, trials, method="beta")
    return float(low), float(high)


def failure_bounds(failed: int, trials: int) -> str:
    """Return that interval in words: `16 to 84 %`."""
    low, high = failure_interval(failed, trials)
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def failure_power(failures: Failures, trials: int, error: float) -> float:
    """Return the probability that Fisher's p is at most `error` when both sides have more trials.

    Args:
        failures: Those so far, whose rates are taken as the true ones.
        trials: Number of trials that each side will have.
        error: Of the test.
    """
    own = _later(failures.failed, failures.trials, trials)
    reference = _later(failures.failed_reference, failures.trials_reference, trials)
    return sum(
        p * q
        for failed, p in own.items()
        for failed_reference, q in reference.items()
        if p * q and failure_p(failed, trials, failed_reference, trials) <= error
    )


def _later(failed: int, ended: int, trials: int) -> dict[int, float]:
    """Return the probability of each number of failures among more trials, at the rate so far."""
    more = np.arange(trials - ended + 1)
    chances = scipy.stats.binom.pmf(more, trials - ended, failed / ended if ended else 0.0)
    return dict(zip((failed + more).tolist(), chances.tolist(), strict=True))


@cache
def failure_p(failed: int, trials: int, failed_reference: int, trials_reference: int) -> float:
    """Return the two-sided p of Fisher's exact test that both sides fail equally often."""
    table = np.array(
        [
            [failed, trials - failed],
            [failed_reference, trials_reference - failed_reference],
        ]
    )
    return float(scipy.stats.fisher_exact(table).pvalue)
