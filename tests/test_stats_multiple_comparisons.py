"""Adjusted p, against tables by hand and statsmodels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from cnn_ablate.stats import adjust_p

families = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def test_holm_by_hand():
    """The smallest of four is multiplied by four, the next by three; none falls below another."""
    assert pytest.approx([0.03, 0.06, 0.06, 0.02]) == adjust_p([0.01, 0.04, 0.03, 0.005])


@given(families)
def test_holm_keeps_the_order_and_lowers_nothing(p):
    """Holm never lowers a p and never swaps two."""
    holm = adjust_p(p)

    assert all(raised >= given for raised, given in zip(holm, p, strict=True))
    assert sorted(holm) == [*holm[np.argsort(p, kind="stable")]]


@pytest.mark.parametrize("n", [1, 2, 5, 12])
def test_holm_is_statsmodels(n):
    """Holm is statsmodels' own, ties and all."""
    p = np.round(np.random.default_rng(n).uniform(0, 0.3, n), 1)

    assert pytest.approx(multipletests(p, method="holm")[1]) == adjust_p(p)


def test_what_was_not_tested_is_not_of_the_family():
    """An unknown p stays unknown and does not raise the others."""
    holm = adjust_p([0.01, np.nan, 0.02])

    assert pytest.approx([0.02, 0.02]) == holm[[0, 2]]
    assert np.isnan(holm[1])
    assert np.isnan(adjust_p([np.nan])).all()
