"""Shares of a whole gain: axioms, tables by hand, and what leaving one out can say."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_ablate.stats import SHARED, attribution, components, shapley
from support import fake_results

BN = fake_results.factor("model.bn", True, False)
CBAM = fake_results.factor("model.attention", "none", "cbam")
SMOOTH = fake_results.factor("loss.smooth", 0.0, 0.1)
PARTS = [BN, CBAM, SMOOTH]

games = st.integers(1, 4).flatmap(
    lambda n: st.lists(st.floats(-10, 10), min_size=2**n, max_size=2**n).map(np.array)
)


@given(games)
def test_shares_add_up_to_the_whole(values):
    """What the players get together is what all of them win over nobody."""
    assert pytest.approx(values[-1] - values[0], abs=1e-9) == shapley(values).sum()


@given(games)
def test_shares_are_means_over_all_orders(values):
    """A player gets the mean of what joining adds, over all orders of joining."""
    players = len(values).bit_length() - 1
    shares = np.zeros(players)
    orders = [*permutations(range(players))]
    for order in orders:
        coalition = 0
        for player in order:
            shares[player] += values[coalition | 1 << player] - values[coalition]
            coalition |= 1 << player

    assert pytest.approx(shares / len(orders), abs=1e-9) == shapley(values)


def test_the_glove_game():
    """Of two left gloves and a right one, the right is worth two thirds of a pair."""
    pairs = np.array([0, 0, 0, 0, 0, 1, 1, 1])

    assert pytest.approx([1 / 6, 1 / 6, 2 / 3]) == shapley(pairs)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=4))
def test_what_only_adds_up_is_its_own_share(gains):
    """Without interactions each gets what it adds."""
    coalitions = np.arange(2 ** len(gains))
    values = sum(gain * (coalitions >> i & 1) for i, gain in enumerate(gains))

    assert pytest.approx(gains, abs=1e-9) == shapley(values)


def test_components_are_factors_that_can_be_absent():
    """A factor of two levels is a component if just one of them is the absence of a part."""
    others = [
        fake_results.factor("optimizer.lr", 0.1, 0.2),
        fake_results.factor("a.b", "x", "none", "y"),
    ]
    crop = fake_results.factor("data.augment", ["random_crop"], [])

    assert (BN, CBAM, SMOOTH, crop) == components([*PARTS, *others, crop])


def test_a_full_factorial_is_shared_by_shapley():
    """Shares by hand of two parts that help each other, with an interval over seeds."""
    variants, trials = _study({0: [0.5, 0.5], 1: [0.6, 0.62], 2: [0.5, 0.5], 3: [0.7, 0.72]})
    found = attribution(trials, [BN, CBAM], variants).set_index("component")

    assert ["shapley"] * 2 == [*found["method"]]
    assert pytest.approx([16, 5]) == [*found["contribution"]]
    assert pytest.approx([1.414214, 0], abs=1e-6) == [*found["sd"]]
    assert pytest.approx(16 + 12.7062, abs=1e-3) == found["high"]["model.bn"]


def test_without_all_combinations_one_is_left_out():
    """What each loses alone, and what they share of the whole gain, add up to it."""
    variants, trials = _study(
        {7: [0.80, 0.82], 6: [0.70, 0.71], 5: [0.75, 0.79], 3: [0.80, 0.80], 0: [0.50, 0.50]}
    )
    found = attribution(trials, PARTS, variants).set_index("component")

    assert ["leave one out"] * 4 == [*found["method"]]
    assert pytest.approx([10.5, 4, 1, 15.5]) == [*found["contribution"]]
    assert SHARED == found.index[-1]
    assert pytest.approx(31) == found["contribution"].sum()


def test_without_the_bare_system_nothing_is_said_of_the_rest():
    """The row of what is shared needs the system without any of the parts."""
    variants, trials = _study({7: [0.80], 6: [0.70], 5: [0.75], 3: [None]})
    found = attribution(trials, PARTS, variants).set_index("component")

    assert ["model.bn", "model.attention", "loss.smooth"] == [*found.index]
    assert [1, 1, 0] == [*found["seeds"]]
    assert found[["low", "high"]].isna().all(axis=None)


def test_without_components_there_is_nothing_to_share():
    """Factors that cannot be absent give an empty table."""
    rates = fake_results.factor("optimizer.lr", 0.1, 0.2)
    variants = [fake_results.variant("baseline", optimizer_lr=0.1)]

    assert attribution(fake_results.trials({"baseline": [0.5]}), [rates], variants).empty


def _study(results):
    """Name variants by their coalition: bit 0 BN, bit 1 attention, bit 2 smoothing."""
    variants = [
        fake_results.variant(
            str(mask),
            model_bn=bool(mask & 1),
            model_attention="cbam" if mask & 2 else "none",
            loss_smooth=0.1 if mask & 4 else 0.0,
        )
        for mask in results
    ]
    return variants, fake_results.trials({str(mask): values for mask, values in results.items()})
