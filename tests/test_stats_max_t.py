"""Tests of families: exact max-T, Holm on t, simultaneous intervals, and one decision for all."""

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from cnn_ablate.stats.multiple_comparisons import FLIPS, HOLM, decide, smallest_adjusted_p

FloatArray = NDArray[np.float64]


def brute_force(table: FloatArray) -> list[float]:
    """Step-down max-T over all sign patterns, written with loops and no shortcut."""

    def statistics(flipped: FloatArray) -> list[float]:
        return [abs(stats.ttest_1samp(column, 0.0).statistic) for column in flipped.T]

    observed = statistics(table)
    patterns = [
        statistics(table * np.array(signs)[:, None])
        for signs in itertools.product([1, -1], repeat=len(table))
    ]
    p = [0.0] * len(observed)
    left, least = list(range(len(observed))), 0.0
    for j in sorted(left, key=lambda j: -observed[j]):
        hits = [max(row[k] for k in left) >= observed[j] - 1e-9 for row in patterns]
        p[j] = least = max(least, sum(hits) / len(hits))
        left.remove(j)
    return p


@pytest.mark.parametrize("seeds", [6, 7])
def test_adjusted_p_is_that_of_all_sign_patterns(seeds: int) -> None:
    """Halving the patterns and multiplying matrices changes nothing."""
    table = np.random.default_rng(seeds).normal([0.0, 1.0, 0.4, 2.0], 0.7, (seeds, 4))
    decisions = decide(list(table.T))
    assert [d and d.method for d in decisions] == [FLIPS] * 4
    np.testing.assert_allclose(
        brute_force(table), [d.p_adjusted for d in decisions if d], rtol=0, atol=1e-12
    )


def test_under_six_pairs_holm_on_t_decides() -> None:
    """Each p is that of scipy's paired t test, times the number of those not yet rejected."""
    table = np.random.default_rng(1).normal([3.0, 0.2, 1.0], 0.5, (4, 3))
    raw = stats.ttest_1samp(table, 0.0).pvalue
    order = np.argsort(raw)
    expected = np.empty(3)
    expected[order] = np.minimum(1, np.maximum.accumulate(raw[order] * [3, 2, 1]))
    decisions = decide(list(table.T))
    assert {d.method for d in decisions if d} == {HOLM}
    np.testing.assert_allclose(expected, [d.p_adjusted for d in decisions if d])


def test_one_contrast_alone_has_its_ordinary_t_interval() -> None:
    """A family of one is not adjusted."""
    values = np.array([1.0, 1.4, 0.7, 1.1])
    [decision] = decide([values])
    assert decision
    interval = stats.ttest_1samp(values, 0.0).confidence_interval()
    assert decision.low == pytest.approx(interval.low)
    assert decision.high == pytest.approx(interval.high)
    assert decision.decided
    assert not decision.clipped


@pytest.mark.parametrize("values", [[0.4, 0.4, 0.4, 0.4], [1.0, 2.0], [math.nan] * 6, []])
def test_what_cannot_be_tested_has_no_decision(values: list[float]) -> None:
    """Differences without spread, and fewer than three pairs, are no evidence."""
    assert [None] == decide([np.array(values, dtype=float)])


def test_contrasts_that_cannot_be_tested_change_no_p() -> None:
    """Six inert contrasts beside a seventh are not of its family."""
    real = np.array([1.0, 1.2, 0.8, 1.5, 0.9, 1.1, 1.3, 0.7])
    [alone] = decide([real])
    beside = decide([np.zeros(8)] * 6 + [real])
    assert alone == beside[-1]
    assert alone
    assert alone.p_adjusted == 2 / 2**8


def test_each_contrast_is_tested_over_its_own_pairs() -> None:
    """A missing pair leaves the contrast, and no other one loses the seed."""
    table = np.random.default_rng(2).normal([1.5, 1.5], 0.5, (8, 2))
    table[:2, 1] = np.nan
    full, fewer = decide(list(table.T))
    assert full
    assert fewer
    mean = np.nanmean(table, axis=0)
    assert (full.low + full.high) / 2 == pytest.approx(mean[0])
    assert (fewer.low + fewer.high) / 2 == pytest.approx(mean[1])


def test_parts_of_a_family_share_its_error() -> None:
    """With three pairs here and six there, each p counts the contrasts of the other part too."""
    rng = np.random.default_rng(3)
    many, few = rng.normal(1.0, 0.3, 6), np.array([1.0, 1.1, 1.2, np.nan, np.nan, np.nan])
    [alone] = decide([many])
    both = decide([many, few])
    assert alone
    assert both[0]
    assert both[0].p_adjusted == 2 * alone.p_adjusted
    assert both[1]
    assert both[1].method == HOLM


@pytest.mark.parametrize("seeds", [3, 5, 6, 8])
def test_interval_and_decision_never_disagree(seeds: int) -> None:
    """Where they would, the end nearest zero is set to zero, and this is marked."""
    rng = np.random.default_rng(seeds)
    seen = set()
    for _ in range(40):
        table = rng.normal([0, 0.3, 0.6, 1.2, 2.5], 0.6, (seeds, 5))
        for decision in decide(list(table.T)):
            assert decision
            assert decision.decided == (decision.p_adjusted <= 0.05)
            if decision.clipped:
                assert 0.0 in {decision.low, decision.high}
            else:
                assert decision.decided == (decision.low > 0 or decision.high < 0)
            seen.add(decision.clipped)
    assert seen == {False, True}


def test_smallest_adjusted_p_is_reached() -> None:
    """What `plan` says a design can show is what a perfectly consistent effect gives."""
    rng = np.random.default_rng(4)
    seeds = np.arange(8)
    table = np.column_stack([10 + rng.normal(0, 0.01, 8), rng.normal(0, 1, 8)])
    p = [d.p_adjusted for d in decide(list(table.T)) if d]
    assert p[0] == smallest_adjusted_p([len(seeds)] * 2)[0] == 2 / 2**8
    assert [None, 0.0, 3 / 2 / 2**5, 3 / 2 / 2**7] == smallest_adjusted_p([2, 5, 6, 8])


def test_many_seeds_take_random_patterns_that_repeat() -> None:
    """Beyond 14 seeds the patterns are drawn, always the same ones."""
    table = np.random.default_rng(5).normal([0.0, 0.6], 1.0, (20, 2))
    assert decide(list(table.T)) == decide(list(table.T))
