"""Pair numbers of the tidy tables: finished trials, aligned by seed and variant."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn_ablate.schema import TEST_ACCURACY, ComputeConfig, Contrast, Metric

FloatArray = NDArray[np.float64]

# The budget of a trial that never reached an accuracy: what it needs is at least that.
_BUDGETS = {"epochs_to_accuracy": "epochs", "seconds_to_accuracy": "seconds"}


def values_by_seed(trials: pd.DataFrame, variants: Sequence[str], metric: Metric) -> pd.DataFrame:
    """Align a metric by seed: one row per seed that all variants have done, one column per variant.

    Fractions become percentage points. For trials that never reached an accuracy (infinite epochs
    or seconds) the value is their budget, a lower bound, if another of the variants reached it.
    """
    column = metric.name
    values: pd.DataFrame = _pivot(trials, variants, column).apply(pd.to_numeric).astype(float)
    never = np.isinf(values.to_numpy(float))
    budget = _BUDGETS.get(column.rpartition("_")[0])
    if budget and never.any():
        # Where none of them reached it, their budgets are no information about a difference.
        values = values.mask(never, _pivot(trials, variants, budget))[~never.all(axis=1)]
    return values.dropna() * metric.scale


def trials_by_seed(trials: pd.DataFrame, variants: Sequence[str]) -> pd.DataFrame:
    """Align the ids of trials in the same way."""
    return _pivot(trials, variants, "trial").dropna()


def differences(values: pd.DataFrame, weights: Mapping[str, float]) -> FloatArray:
    """Return the weighted sum of the columns of `values_by_seed`, one number per seed (seeds,).

    Rounded to nine decimals, which removes floating-point noise and nothing that was measured, so
    that equal differences are equal.
    """
    weighted = [weight * values[variant].to_numpy(float) for variant, weight in weights.items()]
    return np.asarray(np.round(np.sum(weighted, axis=0), 9), dtype=np.float64)


def seed_differences(
    trials: pd.DataFrame,
    contrasts: Sequence[Contrast],
    seeds: Sequence[int],
    metric: Metric = TEST_ACCURACY,
) -> list[FloatArray]:
    """Return per contrast its differences by seed (seeds,), NaN where a side has no value.

    Args:
        trials: Rows of results.csv.
        contrasts: Those of a plan.
        seeds: Of the study, in their order.
        metric: Of the differences.
    """
    return [_by_seed(trials, contrast, seeds, metric) for contrast in contrasts]


def is_identical(row: FloatArray) -> bool:
    """Return whether a contrast has pairs, all of which have the same value on both sides."""
    present = row[~np.isnan(row)]
    return len(present) > 0 and not present.any()


def variance_ratios(
    trials: pd.DataFrame, contrasts: Iterable[Contrast], metric: Metric = TEST_ACCURACY
) -> list[float]:
    """Return per contrast the variance of its paired differences over that of unpaired ones.

    Below 1 where pairing by seed helps. Only contrasts with three pairs or more have one.
    """
    ratios = []
    for contrast in contrasts:
        sides = [contrast.variant, contrast.reference]
        ours, theirs = values_by_seed(trials, sides, metric).to_numpy(float).T
        unpaired = np.var(ours) + np.var(theirs) if len(ours) else 0.0
        if len(ours) >= 3 and unpaired:
            ratios.append(float(np.var(ours - theirs) / unpaired))
    return ratios


def compute_settings(trials: pd.DataFrame) -> dict[str, set[tuple[str, ...]]]:
    """Return per variant the compute settings that its finished trials were computed with."""
    done = trials[trials["status"] == "done"]
    columns = [name for name in ComputeConfig.model_fields if name in done]
    used: dict[str, set[tuple[str, ...]]] = {}
    for variant, *values in done[["variant", *columns]].itertuples(index=False):
        used.setdefault(variant, set()).add(tuple(map(str, values)))
    return used


def _by_seed(
    trials: pd.DataFrame, contrast: Contrast, seeds: Sequence[int], metric: Metric
) -> FloatArray:
    weights = {contrast.variant: 1.0, contrast.reference: -1.0}
    values = values_by_seed(trials, list(weights), metric)
    row = pd.Series(differences(values, weights), index=values.index, dtype=float)
    return row.reindex(list(seeds)).to_numpy(float)


def _pivot(trials: pd.DataFrame, variants: Sequence[str], column: str) -> pd.DataFrame:
    # By hand, on the rows and columns that matter: pandas takes ten times as long to pivot, and a
    # report does this hundreds of times.
    values: dict[str, dict[int, Any]] = {variant: {} for variant in variants}
    rows = np.flatnonzero(trials["variant"].isin(list(variants)) & (trials["status"] == "done"))
    parts = (trials[name].array[rows] for name in ("variant", "seed", column))
    for variant, seed, value in zip(*parts, strict=True):
        values[variant][seed] = value
    seeds = pd.Index(sorted(set().union(*values.values())), name="seed")
    columns = {name: [known.get(seed) for seed in seeds] for name, known in values.items()}
    return pd.DataFrame(columns, index=seeds)
