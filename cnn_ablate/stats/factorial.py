"""Main effects and two-way interactions of crossed factors, by least squares, seeds as blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from cnn_ablate.schema import TEST_ACCURACY, Factor, Metric, Variant
from cnn_ablate.stats.crossing_cells import cells, level_labels
from cnn_ablate.stats.multiple_comparisons import adjust_p
from cnn_ablate.stats.pairing import FloatArray

Term = tuple[int, ...]
"""Indices of the factors of a main effect `(i,)` or of an interaction `(i, j)`."""

_COLUMNS = ["term", "levels", "difference", "low", "high", "p", "p_adjusted", "freedom", "aliases"]


def factorial(
    trials: pd.DataFrame,
    factors: Sequence[Factor],
    variants: Sequence[Variant],
    *,
    metric: Metric = TEST_ACCURACY,
) -> pd.DataFrame:
    """Estimate main effects of crossed factors and the two-way interactions between them.

    A main effect is the mean at a level minus the mean at the factor's first level, averaged over
    the other factors. An interaction is how much that effect differs between a level of another
    factor and its first one. Three-way and higher interactions count as noise. A term that is
    aliased with earlier ones is not estimated, and each names the other: with `B:C` among its
    aliases, the row of `A` estimates the sum of the two (or their difference).

    Returns:
        One row per term and pair of levels: `term` (`model.attention`, or two joined by `:`),
        `levels`, `difference` (points where the metric is a fraction), `low` and `high` (95 % t
        interval), `p`, `p_adjusted` (Holm over the rows), `freedom` (residual degrees of freedom)
        and `aliases`.
    """
    grid = _grid(trials, factors, variants, metric)
    rows = _rows(grid) if len(grid.y) else []
    table = pd.DataFrame(rows, columns=[name for name in _COLUMNS if name != "p_adjusted"])
    table.insert(_COLUMNS.index("p_adjusted"), "p_adjusted", adjust_p(table["p"].to_numpy(float)))
    return table


@dataclass(frozen=True)
class _Grid:
    """The finished trials of a crossing: level indices (n, factors), seeds (n,) and metric (n,)."""

    names: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    codes: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    seeds: np.ndarray[tuple[int], np.dtype[np.int64]]
    y: FloatArray

    @property
    def terms(self) -> list[Term]:
        """Main effects before interactions: of two aliased terms the earlier one is estimated."""
        indices = range(len(self.names))
        return [*((i,) for i in indices), *combinations(indices, 2)]

    def name(self, term: Term) -> str:
        return ":".join(self.names[i] for i in term)

    def columns(self, term: Term) -> FloatArray:
        """Return the columns of a term in the design matrix (n, columns), in sum coding."""
        # An interaction is the product of the columns of its factors, each with each.
        result = np.ones((len(self.y), 1))
        for i in term:
            coded = sum_coding(len(self.levels[i]))[self.codes[:, i]]
            result = np.einsum("na,nb->nab", result, coded).reshape(len(self.y), -1)
        return result

    def contrasts(self, term: Term) -> list[tuple[str, FloatArray]]:
        """Return the comparisons with first levels: in words, and as weights of the columns."""
        compared = [("", np.ones(1))]
        for i in term:
            coding = sum_coding(len(self.levels[i]))
            first, *others = self.levels[i]
            compared = [
                (
                    f"{words}, {level} - {first}".removeprefix(", "),
                    np.outer(weights, coding[k] - coding[0]).ravel(),
                )
                for words, weights in compared
                for k, level in enumerate(others, start=1)
            ]
        return compared


def sum_coding(levels: int) -> FloatArray:
    """Return the sum coding (levels, levels - 1), whose columns each add up to zero.

    With it a main effect is an average over the other factors, and not the effect at their first
    levels, as it would be with dummy coding.
    """
    return np.vstack([np.eye(levels - 1), -np.ones(levels - 1)])


def _grid(
    trials: pd.DataFrame, factors: Sequence[Factor], variants: Sequence[Variant], metric: Metric
) -> _Grid:
    at = {name: levels for levels, name in cells(factors, variants).items()}
    done = trials[(trials["status"] == "done") & trials["variant"].isin(at)]
    done = done[pd.to_numeric(done[metric.name]).notna()]
    rows = [at[variant] for variant in done["variant"]]
    observed = [{levels[i] for levels in rows} for i in range(len(factors))]
    # A factor that has one level so far (a study half done) has no effect to estimate.
    varied = [i for i, levels in enumerate(observed) if len(levels) > 1]
    known = [tuple(x for x in level_labels(factors[i]) if x in observed[i]) for i in varied]
    codes = [[known[k].index(row[i]) for k, i in enumerate(varied)] for row in rows]
    return _Grid(
        names=tuple(factors[i].name for i in varied),
        levels=tuple(known),
        codes=np.array(codes, dtype=np.int64).reshape(len(done), len(varied)),
        seeds=done["seed"].to_numpy(np.int64),
        y=metric.scale * pd.to_numeric(done[metric.name]).to_numpy(float),
    )


def _rows(grid: _Grid) -> list[tuple[object, ...]]:
    # An intercept per seed: seeds are blocks, whose differences are no noise of the effects.
    blocks = (grid.seeds[:, None] == np.unique(grid.seeds)).astype(float)
    kept, aliases = _separate(grid, blocks)
    from statsmodels.regression.linear_model import OLS  # noqa: PLC0415 - takes a second

    fit = OLS(grid.y, np.hstack([blocks, *kept.values()])).fit()
    rows: list[tuple[object, ...]] = []
    start = blocks.shape[1]
    for term in grid.terms:
        others = "; ".join(grid.name(other) for other in aliases[term])
        for words, weights in grid.contrasts(term):
            estimate = (np.nan,) * 4
            if term in kept:
                contrast = np.zeros(len(fit.params))
                contrast[start : start + len(weights)] = weights
                estimate = _estimate(fit, contrast)
            rows.append((grid.name(term), words, *estimate, float(fit.df_resid), others))
        start += kept[term].shape[1] if term in kept else 0
    return rows


def _separate(
    grid: _Grid, blocks: FloatArray
) -> tuple[dict[Term, FloatArray], dict[Term, list[Term]]]:
    """Return the columns of the terms that can be estimated, and the aliases of every term."""
    kept: dict[Term, FloatArray] = {}
    aliases: dict[Term, list[Term]] = {term: [] for term in grid.terms}
    for term in grid.terms:
        basis, new = np.hstack([blocks, *kept.values()]), grid.columns(term)
        both = np.hstack([basis, new])
        if np.linalg.matrix_rank(both) == both.shape[1]:
            kept[term] = new
            continue
        # The earlier terms that this one is a linear combination of are its aliases.
        combination = np.linalg.lstsq(basis, new)[0][blocks.shape[1] :]
        start = 0
        # The coefficients are exact up to rounding errors: zero means not involved.
        for other, columns in kept.items():
            stop = start + columns.shape[1]
            if np.abs(combination[start:stop]).max() > 1e-9:
                aliases[other].append(term)
                aliases[term].append(other)
            start = stop
    return kept, aliases


def _estimate(fit: Any, weights: FloatArray) -> tuple[float, float, float, float]:
    """Return a weighted sum of coefficients, its interval and its p; NaN without residuals."""
    difference = round(float(weights @ fit.params), 9)
    if fit.df_resid <= 0:
        return difference, np.nan, np.nan, np.nan
    # A perfect fit has no residual variance: t is then infinite or 0 / 0, as it should be.
    with np.errstate(all="ignore"):
        test = fit.t_test(weights)
        (low, high), p = test.conf_int()[0], test.pvalue
    return difference, float(low), float(high), float(p)
