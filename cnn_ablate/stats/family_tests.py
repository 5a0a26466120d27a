"""Test a family of contrasts: by the means of their pairs, or where trials failed by the failures.

It is the one rule for studies with a fixed number of seeds and for each look of the others.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cnn_ablate.stats.failure_rates import Failures
from cnn_ablate.stats.multiple_comparisons import Decision, adjust_p, decide, is_testable
from cnn_ablate.stats.pairing import FloatArray

FISHER = "Holm, Fisher's exact test of failures"


def decide_family(
    rows: Sequence[FloatArray], failures: Sequence[Failures], error: float = 0.05
) -> list[Decision | None]:
    """Decide by means, and by rates where trials failed; each part has its share of the error.

    Where trials of a contrast failed, the mean of the others is not tested: survivors say nothing
    of those that failed. Failures too few for any p under the error are no test either, and not
    counted as one (Tarone 1990).

    Args:
        rows: Per contrast, one difference per seed of the study, NaN where a side has no value.
        failures: Per contrast, how many of its trials failed.
        error: Probability of any false decision in the family.

    Returns:
        One decision per contrast; None where there is nothing to test.
    """
    tests = {
        _by_means: [j for j, row in enumerate(rows) if is_testable(row) and not failures[j]],
        _by_rates: [
            j for j, failed in enumerate(failures) if failed and failed.smallest_p <= error
        ],
    }
    count = sum(map(len, tests.values()))
    results: list[Decision | None] = [None] * len(rows)
    for test, members in tests.items():
        share = len(members) / count if members else 1.0
        own = test([rows[j] for j in members], [failures[j] for j in members], error * share)
        for j, decision in zip(members, own, strict=True):
            p = min(1.0, decision.p_adjusted / share)
            results[j] = replace(decision, p_adjusted=p)
    return results


def _by_means(rows: list[FloatArray], _: list[Failures], error: float) -> list[Decision]:
    return [decision for decision in decide(rows, error) if decision]


def _by_rates(_: list[FloatArray], failures: list[Failures], error: float) -> list[Decision]:
    adjusted = adjust_p([failed.p for failed in failures])
    return [Decision(float(p), np.nan, np.nan, bool(p <= error), FISHER) for p in adjusted]
