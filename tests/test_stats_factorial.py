"""Main effects and interactions, by hand and against statsmodels' formulas."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols

from cnn_ablate.stats import factorial
from support import fake_results

FIRST, SECOND, THIRD = (fake_results.factor(f"model.{name}", 0, 1) for name in "abc")
THREE = fake_results.factor("model.a", "x", "y", "z")


def crossed(values, *factors):
    """Cross factors: one variant a combination, its results by seed from a function of levels."""
    variants, results = [], {}
    for levels in product(*([level.label for level in f.levels] for f in factors)):
        sets = {f.name.replace(".", "_"): at for f, at in zip(factors, levels, strict=True)}
        name = ",".join(levels)
        variants.append(fake_results.variant(name, **sets))
        results[name] = values[levels] if isinstance(values, dict) else values(*levels)
    return fake_results.trials(results), variants


def rows(table):
    """Index a table by term and levels."""
    return table.set_index(["term", "levels"])


def test_two_by_two_by_hand():
    """A main effect is the mean difference, the interaction a difference of differences."""
    values = {
        ("0", "0"): [0.60, 0.62],
        ("1", "0"): [0.64, 0.64],
        ("0", "1"): [0.70, 0.71],
        ("1", "1"): [0.80, 0.83],
    }
    found = rows(factorial(*_swap(crossed(values, FIRST, SECOND), [FIRST, SECOND])))

    assert pytest.approx([7.0, 13.5, 8.0]) == [*found["difference"]]
    assert [3.0] * 3 == [*found["freedom"]]
    assert [""] * 3 == [*found["aliases"]]
    assert ("model.a:model.b", "1 - 0, 1 - 0") == found.index[2]


def test_it_is_statsmodels_with_sum_coding():
    """Estimates, intervals and p are those of the formula with seeds as blocks."""
    rng = np.random.default_rng(4)
    trials, variants = crossed(lambda *_: [*rng.uniform(0.5, 0.9, 4)], FIRST, SECOND)
    found = factorial(trials, [FIRST, SECOND], variants)
    levels = trials["variant"].str.split(",", expand=True)
    data = pd.DataFrame(
        {"y": 100 * trials["test_accuracy"], "a": levels[0], "b": levels[1], "s": trials["seed"]}
    )
    fit = ols("y ~ C(s) + C(a, Sum) * C(b, Sum)", data).fit()
    names = ["C(a, Sum)[S.0]", "C(b, Sum)[S.0]", "C(a, Sum)[S.0]:C(b, Sum)[S.0]"]
    factor = np.array([-2, -2, 4])

    assert pytest.approx(factor * fit.params[names]) == [*found["difference"]]
    assert pytest.approx([*fit.pvalues[names]]) == [*found["p"]]
    width = np.abs(factor) * np.ptp(fit.conf_int().loc[names].to_numpy(), axis=1)
    assert pytest.approx(width) == [*(found["high"] - found["low"])]


def test_three_levels_are_compared_with_the_first():
    """Each further level has its own row against the first, averaged over the other factor."""
    values = {(a, b): [0.5 + 0.1 * "xyz".index(a) + 0.02 * int(b)] * 2 for a in "xyz" for b in "01"}
    trials, variants = crossed(values, THREE, SECOND)
    found = rows(factorial(trials, [THREE, SECOND], variants))["difference"]

    assert pytest.approx([10, 20]) == [*found["model.a"]]
    assert pytest.approx([2]) == [*found["model.b"]]
    assert pytest.approx([0, 0], abs=1e-9) == [*found["model.a:model.b"]]


def test_a_fraction_names_its_aliases():
    """In half of two to the three each main effect is aliased with the other two's interaction."""
    effects = {"a": 4, "b": 2, "c": 0, "ab": 1}

    def value(a, b, c):
        a, b, c = (2 * int(level) - 1 for level in (a, b, c))
        half = effects["a"] * a + effects["b"] * b + effects["ab"] * a * b
        return [0.5 + half / 200, 0.6 + half / 200]

    trials, variants = crossed(value, FIRST, SECOND, THIRD)
    fraction = [v for v in variants if sum(map(int, v.levels.values())) % 2 == 1]
    found = factorial(trials, [FIRST, SECOND, THIRD], fraction).set_index("term")

    assert {
        "model.a": "model.b:model.c",
        "model.b": "model.a:model.c",
        "model.c": "model.a:model.b",
        "model.a:model.b": "model.c",
        "model.a:model.c": "model.b",
        "model.b:model.c": "model.a",
    } == found["aliases"].to_dict()
    assert pytest.approx([4, 2, 1]) == [*found["difference"][:3]]
    assert found["difference"][3:].isna().all()


def test_one_seed_has_no_residuals():
    """A saturated table gives differences without intervals."""
    values = {(a, b): [0.5 + 0.1 * int(a) * int(b)] for a in "01" for b in "01"}
    found = factorial(*_swap(crossed(values, FIRST, SECOND), [FIRST, SECOND]))

    assert pytest.approx([5, 5, 10]) == [*found["difference"]]
    assert found[["low", "high", "p", "p_adjusted"]].isna().all(axis=None)


def test_a_half_finished_factorial_uses_what_is_done():
    """Missing trials leave what the others show; a missing cell takes its interaction away."""
    values = {
        ("0", "0"): [0.60, 0.60],
        ("1", "0"): [0.65, 0.65],
        ("0", "1"): [0.70, None],
        ("1", "1"): [None, None],
    }
    found = factorial(*_swap(crossed(values, FIRST, SECOND), [FIRST, SECOND])).set_index("term")

    assert pytest.approx([5, 10]) == [*found["difference"][:2]]
    assert np.isnan(found["difference"]["model.a:model.b"])
    assert "model.a; model.b" == found["aliases"]["model.a:model.b"]


def test_nothing_done_is_an_empty_table():
    """Without a finished trial there are no rows, and the columns are there."""
    trials, variants = crossed(lambda *_: [None], FIRST, SECOND)
    found = factorial(trials, [FIRST, SECOND], variants)

    assert (0, "term") == (len(found), found.columns[0])


def test_other_factors_stay_where_the_crossing_was_made():
    """A variant that moves another factor, or to no level of these, is not of the crossing."""
    variants = [
        fake_results.variant("00", model_a=0, model_b=0, optimizer_lr=0.1),
        fake_results.variant("10", model_a=1, model_b=0, optimizer_lr=0.1),
        fake_results.variant("01", model_a=0, model_b=1, optimizer_lr=0.1),
        fake_results.variant("11", model_a=1, model_b=1, optimizer_lr=0.1),
        fake_results.variant("lr", model_a=0, model_b=0, optimizer_lr=0.9),
        fake_results.variant("7", model_a=7, model_b=0, optimizer_lr=0.1),
    ]
    results = {"00": [0.5] * 2, "10": [0.6] * 2, "01": [0.5] * 2, "11": [0.6] * 2}
    results |= {"lr": [0.1] * 2, "7": [0.2] * 2}
    found = factorial(fake_results.trials(results), [FIRST, SECOND], variants)

    assert pytest.approx([10, 0, 0], abs=1e-9) == [*found["difference"]]


def _swap(made, factors):
    trials, variants = made
    return trials, factors, variants
