"""Adaptive seeds: contrasts are looked at when they have a few seeds, and open ones get more.

The error of the family is spent over the looks, so that looking several times does not raise it.

References:
    Lan and DeMets, Discrete sequential boundaries for clinical trials, Biometrika 70, 1983
    (spending); Lan, Simon and Halperin, Stochastically curtailed tests, 1982 (futility).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy

from cnn_ablate.stats.failure_rates import NO_FAILURES, Failures, failure_power
from cnn_ablate.stats.family_tests import decide_family
from cnn_ablate.stats.multiple_comparisons import Decision
from cnn_ablate.stats.paired_differences import equivalence_p
from cnn_ablate.stats.pairing import FloatArray

Outcome = Literal["open", "decided", "negligible", "futile", "undecided"]
# A contrast is given up where its chance of being decided at the last look is below this.
_FUTILE_POWER = 0.10
# Null studies that are simulated for the error of looks without a plan.
_STUDIES = 20_000


@dataclass(frozen=True)
class Progress:
    """How far a contrast has come: its outcome, at which look (from 1), and the decision there.

    `open` contrasts wait for the seeds of look `look`; `undecided` ones were open at the last look.
    """

    outcome: Outcome
    look: int
    decision: Decision | None = None


def spent(looks: int, error: float = 0.05) -> tuple[float, ...]:
    """Return the error that each look spends: i / (1 + ... + k) of it at look i of k.

    >>> spent(4)
    (0.005, 0.01, 0.015, 0.02)
    """
    total = looks * (looks + 1) // 2
    return tuple(round(error * i / total, 12) for i in range(1, looks + 1))


def follow(
    differences: Sequence[FloatArray],
    ended: Sequence[int],
    looks: Sequence[int],
    *,
    error: float = 0.05,
    margin: float | None = None,
    failures: Sequence[Sequence[Failures]] | None = None,
    awaited: Sequence[bool] | None = None,
) -> list[Progress]:
    """Replay the looks at a family of contrasts, as far as their seeds have been trained.

    At each look every open contrast is tested with the error spent there, times the share of open
    contrasts among those not decided (given up ones still count in the family). Else it stops: as
    negligible, if two one-sided tests put it within the margin at the error spent; as futile, from
    the second look on, if its conditional power at the last look is under 10 % (non-binding).
    Where trials failed, test and power are of the failure rates.

    Args:
        differences: Per contrast, one difference per seed of the study in their order, NaN where a
            side has no value.
        ended: Per contrast, of how many leading seeds both sides have ended, done or failed.
        looks: Seed counts at which the study decides, rising.
        error: Probability of any false decision in the family, over all looks.
        margin: Differences within it count as no effect; None: no contrast stops as negligible.
        failures: Per contrast, one per look: those of its seeds; by default there are none.
        awaited: Whether looks wait for the seeds of the contrast, as by default; others stay open.
    """
    results = [Progress("open", 1) for _ in differences]
    shares = spent(len(looks), error)
    for number, (seeds, share) in enumerate(zip(looks, shares, strict=True), 1):
        going_on = [j for j, progress in enumerate(results) if progress.outcome == "open"]
        waiting = [j for j in going_on if ended[j] >= seeds]
        if not waiting or any(not awaited or awaited[j] for j in going_on if ended[j] < seeds):
            break
        undecided = sum(progress.outcome != "decided" for progress in results)
        rows = [differences[j][:seeds] for j in waiting]
        failed = [failures[j][number - 1] if failures else NO_FAILURES for j in waiting]
        decisions = decide_family(rows, failed, share * len(waiting) / undecided)
        for j, row, fails, decision in zip(waiting, rows, failed, decisions, strict=True):
            outcome = _outcome(row, decision, share, None if fails else margin)
            if outcome == "open":
                outcome = _if_open(row, fails, seeds, looks, shares[-1] / len(waiting))
            results[j] = Progress(outcome, number + (outcome == "open"), decision)
    return results


def _outcome(
    row: FloatArray, decision: Decision | None, share: float, margin: float | None
) -> Outcome:
    if decision and decision.decided:
        return "decided"
    present = row[~np.isnan(row)]
    if margin and decision and equivalence_p(present, margin) <= share:
        return "negligible"
    return "open"


def _if_open(
    row: FloatArray, failures: Failures, seeds: int, looks: Sequence[int], error: float
) -> Outcome:
    """Return whether a contrast that a look leaves open waits for the next one, or ends here."""
    last = looks[-1]
    if seeds == last:
        return "undecided"
    if seeds == looks[0]:
        return "open"
    power = failure_power(failures, last, error) if failures else _mean_power(row, last, error)
    return "futile" if power < _FUTILE_POWER else "open"


def _mean_power(row: FloatArray, last: int, error: float) -> float:
    """Return the probability that the mean of `last` pairs is decided, given those so far.

    With the mean so far as the true one, the sum of the missing differences is normal. It is 1
    where the spread is unknown.
    """
    present = row[~np.isnan(row)]
    missing, sd = last - len(present), float(np.std(present, ddof=1)) if len(present) > 1 else 0.0
    if missing <= 0 or sd == 0:
        return 1.0
    critical = scipy.stats.t.ppf(1 - error / 2, last - 1)  # about that of max-T: Bonferroni's
    needed = critical * sd * math.sqrt(last) - abs(present.sum())
    expected = abs(present.mean()) * missing
    return float(scipy.stats.norm.sf((needed - expected) / (sd * math.sqrt(missing))))


def error_of_repeated_looks(seeds: Sequence[int], error: float = 0.05) -> float:
    """Return the probability that any of several looks, each at the same error, decides a null.

    Simulated with normal differences and a paired t test at each look, always with the same random
    numbers: to within half a percentage point.

    Args:
        seeds: Numbers of seeds of the looks, rising, from 2.
        error: Of each look by itself.

    Reference: Armitage, McPherson and Rowe, Repeated significance tests on accumulating data,
    Journal of the Royal Statistical Society A 132, 1969.

    >>> round(error_of_repeated_looks([8]), 2)
    0.05
    """
    values = np.random.default_rng(0).normal(size=(_STUDIES, max(seeds)))
    decided = np.zeros(_STUDIES, dtype=bool)
    for n in seeds:
        seen = values[:, :n]
        t = np.abs(seen.mean(axis=1)) * math.sqrt(n) / seen.std(axis=1, ddof=1)
        decided |= t > scipy.stats.t.ppf(1 - error / 2, n - 1)
    return float(decided.mean())
