"""Main effects and two-way interactions of crossed factors, by least squares, seeds as blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS

from cnn_ablate.schema import Factor, Variant
from cnn_ablate.stats.cells import cells, labels
from cnn_ablate.stats.multiple_comparisons import adjusted
from cnn_ablate.stats.pairing import FloatArray, scale

Term = tuple[int, ...]
"""The positions of the factors of a main effect `(i,)` or of an interaction `(i, j)`."""

_COLUMNS = ["term", "levels", "difference", "low", "high", "p", "p_adjusted", "freedom", "aliases"]


def factorial(
    trials: pd.DataFrame,
    factors: Sequence[Factor],
    variants: Sequence[Variant],
    *,
    metric: str = "test_accuracy",
) -> pd.DataFrame:
    """Estimate what each factor does on average over the others, and how pairs of them interact.

    A main effect is the mean at a level minus the mean at the factor's first level. An interaction
    is how much that effect differs between a level of another factor and its first one. Three-way
    and higher interactions count as noise. A term that the variants cannot tell from earlier ones
    is not estimated, and each side names the other: with `B:C` among its aliases, the row of `A`
    gives the sum of the two (or their difference).

    Returns:
        Columns `term` (`model.attention`, or two joined by `:`), `levels`, `difference` (points
        where the metric is a fraction), `low` and `high` (95 % t interval), `p`, `p_adjusted`
        (Holm over the rows), `freedom` (residual degrees of freedom) and `aliases`.
    """
    grid = _grid(trials, factors, variants, metric)
    rows = _rows(grid) if len(grid.y) else []
    table = pd.DataFrame(rows, columns=[name for name in _COLUMNS if name != "p_adjusted"])
    table.insert(_COLUMNS.index("p_adjusted"), "p_adjusted", adjusted(table["p"].to_numpy(float)))
    return table


@dataclass(frozen=True)
class _Grid:
    """The done trials of a crossing: level numbers (n, factors), seeds (n,) and the metric (n,)."""

    names: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    codes: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    seeds: np.ndarray[tuple[int], np.dtype[np.int64]]
    y: FloatArray

    @property
    def terms(self) -> list[Term]:
        """Main effects first, so that an interaction is what gives way to them."""
        places = range(len(self.names))
        return [*((i,) for i in places), *combinations(places, 2)]

    def name(self, term: Term) -> str:
        return ":".join(self.names[i] for i in term)

    def columns(self, term: Term) -> FloatArray:
        """Code a term so that it adds up to zero over the levels of each of its factors."""
        result = np.ones((len(self.y), 1))
        for i in term:
            coded = sum_coding(len(self.levels[i]))[self.codes[:, i]]
            result = np.einsum("na,nb->nab", result, coded).reshape(len(self.y), -1)
        return result

    def contrasts(self, term: Term) -> list[tuple[str, FloatArray]]:
        """Compare levels with the first ones: in words, and as weights of the columns."""
        found = [("", np.ones(1))]
        for i in term:
            coding = sum_coding(len(self.levels[i]))
            first, *others = self.levels[i]
            found = [
                (
                    f"{words}, {level} - {first}".removeprefix(", "),
                    np.outer(weights, coding[k] - coding[0]).ravel(),
                )
                for words, weights in found
                for k, level in enumerate(others, start=1)
            ]
        return found


def sum_coding(levels: int) -> FloatArray:
    """Code levels in one column less, each of which adds up to zero (levels, levels - 1)."""
    return np.vstack([np.eye(levels - 1), -np.ones(levels - 1)])


def _grid(
    trials: pd.DataFrame, factors: Sequence[Factor], variants: Sequence[Variant], metric: str
) -> _Grid:
    at = {name: levels for levels, name in cells(factors, variants).items()}
    done = trials[(trials["status"] == "done") & trials["variant"].isin(at)]
    done = done[pd.to_numeric(done[metric]).notna()]
    seen = [at[variant] for variant in done["variant"]]
    observed = [{levels[i] for levels in seen} for i in range(len(factors))]
    moved = [i for i, found in enumerate(observed) if len(found) > 1]
    known = [tuple(x for x in labels(factors[i]) if x in observed[i]) for i in moved]
    codes = [[known[k].index(row[i]) for k, i in enumerate(moved)] for row in seen]
    return _Grid(
        names=tuple(factors[i].name for i in moved),
        levels=tuple(known),
        codes=np.array(codes, dtype=np.int64).reshape(len(done), len(moved)),
        seeds=done["seed"].to_numpy(np.int64),
        y=scale(metric) * pd.to_numeric(done[metric]).to_numpy(float),
    )


def _rows(grid: _Grid) -> list[tuple[object, ...]]:
    blocks = (grid.seeds[:, None] == np.unique(grid.seeds)).astype(float)
    kept, aliases = _separate(grid, blocks)
    fit = OLS(grid.y, np.hstack([blocks, *kept.values()])).fit()
    rows: list[tuple[object, ...]] = []
    start = blocks.shape[1]
    for term in grid.terms:
        others = "; ".join(grid.name(other) for other in aliases[term])
        for words, weights in grid.contrasts(term):
            found = (np.nan,) * 4
            if term in kept:
                whole = np.zeros(len(fit.params))
                whole[start : start + len(weights)] = weights
                found = _estimate(fit, whole)
            rows.append((grid.name(term), words, *found, float(fit.df_resid), others))
        start += kept[term].shape[1] if term in kept else 0
    return rows


def _separate(
    grid: _Grid, blocks: FloatArray
) -> tuple[dict[Term, FloatArray], dict[Term, list[Term]]]:
    """Keep the terms that can be told from earlier ones, and name who hides the others."""
    kept: dict[Term, FloatArray] = {}
    aliases: dict[Term, list[Term]] = {term: [] for term in grid.terms}
    for term in grid.terms:
        basis, new = np.hstack([blocks, *kept.values()]), grid.columns(term)
        both = np.hstack([basis, new])
        if np.linalg.matrix_rank(both) == both.shape[1]:
            kept[term] = new
            continue
        shadow = np.linalg.lstsq(basis, new)[0][blocks.shape[1] :]
        start = 0
        for other, columns in kept.items():
            stop = start + columns.shape[1]
            if np.abs(shadow[start:stop]).max() > 1e-9:
                aliases[other].append(term)
                aliases[term].append(other)
            start = stop
    return kept, aliases


def _estimate(fit: Any, weights: FloatArray) -> tuple[float, float, float, float]:
    """Give a weighted sum of coefficients, its interval and its p; NaN without residuals."""
    difference = round(float(weights @ fit.params), 9)
    if fit.df_resid <= 0:
        return difference, np.nan, np.nan, np.nan
    with np.errstate(all="ignore"):
        test = fit.t_test(weights)
        (low, high), p = test.conf_int()[0], test.pvalue
    return difference, float(low), float(high), float(p)
