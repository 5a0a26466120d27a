"""Differences over seeds, against closed forms, SciPy and statsmodels."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from cnn_ablate.stats import paired

numbers = st.floats(-50, 50).map(lambda x: round(x, 3))
samples = st.lists(numbers, min_size=2, max_size=9).map(np.array)
spread_out = samples.filter(lambda x: np.ptp(x) > 0.01)


@given(spread_out)
def test_the_t_interval_is_scipys(x):
    """The t interval is that of SciPy's one-sample t test."""
    expected = stats.ttest_1samp(x, 0).confidence_interval(0.95)

    assert pytest.approx((expected.low, expected.high)) == paired.t_interval(x)


def test_the_t_interval_by_hand():
    """Of 1, 2 and 3 it is 2 give or take 4.303 / sqrt(3)."""
    low, high = paired.t_interval(np.array([1.0, 2.0, 3.0]))

    assert (pytest.approx(2 - 2.4841, abs=1e-4), pytest.approx(2 + 2.4841, abs=1e-4)) == (low, high)


@given(spread_out)
def test_the_t_test_is_scipys(x):
    """The paired t test is SciPy's one-sample t test of the differences."""
    assert pytest.approx(stats.ttest_1samp(x, 0).pvalue) == paired.t_test_p(x)


@pytest.mark.parametrize("x", [np.array([]), np.array([1.5])])
def test_one_seed_says_nothing_of_noise(x):
    """Below two seeds every interval and every p is unknown."""
    p = [paired.sign_flip_p(x), paired.t_test_p(x), paired.equivalence_p(x, 1)]
    p += [paired.smallest_p(len(x)), paired.sample_sd(x)]

    assert [True] * 9 == [*np.isnan([*paired.t_interval(x), *paired.bca_interval(x), *p])]


@pytest.mark.parametrize("value", [0.0, 1.7])
def test_equal_seeds_give_an_interval_of_no_width(value):
    """Without any spread the intervals are the value itself, and no test warns."""
    x = np.full(4, value)

    assert ((value, value), (value, value)) == (paired.t_interval(x), paired.bca_interval(x))
    assert math.isnan(paired.t_test_p(x))
    assert (1.0 if value == 0 else 0.125) == paired.sign_flip_p(x)
    assert [0.0, 1.0] == [paired.equivalence_p(x, margin) for margin in (2.0, value)]


def test_bca_agrees_with_all_resamples():
    """The BCa interval is the one that all 4^4 resamples give, to the noise of its draws."""
    x = np.array([0.4, 1.1, 1.3, 4.0])
    means = np.sort([np.mean(draw) for draw in product(x, repeat=4)])
    below = (np.mean(means < x.mean()) + np.mean(means <= x.mean())) / 2
    jackknife = np.array([np.delete(x, i).mean() for i in range(4)])
    skew = jackknife.mean() - jackknife
    acceleration = (skew**3).sum() / (6 * (skew**2).sum() ** 1.5)
    bias = stats.norm.ppf(below) + stats.norm.ppf([0.025, 0.975])
    corrected = stats.norm.cdf(stats.norm.ppf(below) + bias / (1 - acceleration * bias))

    assert pytest.approx(np.quantile(means, corrected), abs=0.12) == paired.bca_interval(x)


def test_bca_is_always_the_same():
    """The bootstrap draws the same resamples every time."""
    x = np.array([0.3, 0.9, 1.4, 0.2, 0.7])

    assert paired.bca_interval(x) == paired.bca_interval(x.copy())


def test_bca_of_two_seeds_is_unknown():
    """Two seeds cannot show an acceleration."""
    assert [True, True] == [*np.isnan(paired.bca_interval(np.array([0.1, 0.5])))]


@settings(max_examples=50, deadline=None)
@given(samples)
def test_sign_flips_are_scipys_permutations(x):
    """The exact p is that of SciPy's permutation test of paired samples."""
    expected = stats.permutation_test(
        (x,), lambda x, axis: x.sum(axis=axis), permutation_type="samples", n_resamples=np.inf
    )

    assert pytest.approx(expected.pvalue) == paired.sign_flip_p(x)


@given(samples, st.floats(0.01, 100))
def test_sign_flips_know_neither_sign_nor_unit(x, unit):
    """The p stays when all differences change their sign, their unit or their order."""
    p = paired.sign_flip_p(x)

    assert [p, p, p] == [paired.sign_flip_p(y) for y in (-x, x * unit, x[::-1])]
    assert paired.smallest_p(len(x)) <= p <= 1


@pytest.mark.parametrize("n", range(2, 15))
def test_the_smallest_p_is_reached(n):
    """Differences of one sign give the smallest p, 2 / 2^n."""
    x = np.arange(1.0, n + 1)

    assert (2 / 2**n, 2 / 2**n) == (paired.sign_flip_p(x), paired.smallest_p(n))


def test_many_seeds_are_flipped_at_random():
    """Beyond 14 seeds the p is near that of all patterns, and never zero."""
    x = np.random.default_rng(5).normal(0.4, 1, size=16)
    flips = 2 * ((np.arange(2**16)[:, None] >> np.arange(16)) & 1) - 1
    exact = np.mean(np.abs(flips @ x) >= abs(x.sum()) - 1e-9)

    assert pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / paired.RESAMPLES)) == (
        paired.sign_flip_p(x)
    )
    assert paired.smallest_p(30) == paired.sign_flip_p(np.arange(1.0, 31))


@given(spread_out, st.floats(0.1, 60))
def test_equivalence_is_statsmodels_tost(x, margin):
    """The p of equivalence is statsmodels' TOST."""
    expected, _, _ = DescrStatsW(x).ttost_mean(-margin, margin)

    assert pytest.approx(expected, abs=1e-12) == paired.equivalence_p(x, margin)


@given(spread_out, st.floats(0.1, 60))
def test_equivalence_is_a_90_percent_interval_within_the_margin(x, margin):
    """TOST at 5 % rejects just when the 90 % interval lies within the margin."""
    low, high = paired.t_interval(x, 0.9)

    assert (max(-low, high) < margin) == (paired.equivalence_p(x, margin) < 0.05)
