"""Differences over seeds, against closed forms, SciPy and statsmodels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from cnn_ablate.stats.paired_differences import equivalence_p, sample_sd, t_interval

numbers = st.floats(-50, 50).map(lambda x: round(x, 3))
samples = st.lists(numbers, min_size=2, max_size=9).map(np.array)
spread_out = samples.filter(lambda x: np.ptp(x) > 0.01)


@given(spread_out)
def test_the_t_interval_is_scipys(x):
    """The t interval is that of SciPy's one-sample t test."""
    expected = stats.ttest_1samp(x, 0).confidence_interval(0.95)

    assert pytest.approx((expected.low, expected.high)) == t_interval(x)


def test_the_t_interval_by_hand():
    """Of 1, 2 and 3 it is 2 give or take 4.303 / sqrt(3)."""
    low, high = t_interval(np.array([1.0, 2.0, 3.0]))

    assert (pytest.approx(2 - 2.4841, abs=1e-4), pytest.approx(2 + 2.4841, abs=1e-4)) == (low, high)


@pytest.mark.parametrize("x", [np.array([]), np.array([1.5])])
def test_one_seed_says_nothing_of_noise(x):
    """Below two seeds the interval and every p are unknown."""
    numbers = [
        equivalence_p(x, 1),
        sample_sd(x),
        *t_interval(x),
    ]

    assert [True] * 4 == [*np.isnan(numbers)]


@pytest.mark.parametrize("value", [0.0, 1.7])
def test_equal_seeds_give_an_interval_of_no_width(value):
    """Without any spread the interval is the value itself, and no test warns."""
    x = np.full(4, value)

    assert (value, value) == t_interval(x)
    assert [0.0, 1.0] == [equivalence_p(x, margin) for margin in (2.0, value)]


@given(spread_out, st.floats(0.1, 60))
def test_equivalence_is_statsmodels_tost(x, margin):
    """The p of equivalence is statsmodels' TOST."""
    expected, _, _ = DescrStatsW(x).ttost_mean(-margin, margin)

    assert pytest.approx(expected, abs=1e-12) == equivalence_p(x, margin)


@given(spread_out, st.floats(0.1, 60))
def test_equivalence_is_a_90_percent_interval_within_the_margin(x, margin):
    """TOST at 5 % rejects just when the 90 % interval lies within the margin."""
    low, high = t_interval(x, 0.9)

    assert (max(-low, high) < margin) == (equivalence_p(x, margin) < 0.05)
