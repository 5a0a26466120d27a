"""Which numbers of the tidy tables belong together: done trials, lined up by seed and variant."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Interval = tuple[float, float]

UNKNOWN: Interval = (float("nan"), float("nan"))

# A trial that never gets there needs at least what it was given.
_SPENT = {"epochs_to_accuracy": "epochs", "seconds_to_accuracy": "seconds"}


def in_points(metric: str) -> bool:
    """Tell whether a metric is a fraction in files and per cent in reports."""
    return metric.endswith(("accuracy", "precision", "recall", "f1")) and "_to_" not in metric


def scale(metric: str) -> float:
    """Give what turns the metric as stored into the unit of its effects."""
    return 100.0 if in_points(metric) else 1.0


def by_seed(trials: pd.DataFrame, variants: Sequence[str], metric: str) -> pd.DataFrame:
    """Line up a metric: one row for each seed that all of the variants have done, one column each.

    Fractions become percentage points. Of trials that never reached an accuracy (infinite epochs or
    seconds) the budget is taken, a lower bound, as long as one of the variants did reach it.
    """
    numbers = trials.assign(**{metric: pd.to_numeric(trials[metric]).astype(float)})
    values = _wide(numbers, variants, metric)
    never = np.isinf(values.to_numpy(float))
    spent = _SPENT.get(metric.rpartition("_")[0])
    if spent and never.any():
        values = values.mask(never, _wide(trials, variants, spent))[~never.all(axis=1)]
    return values.dropna() * scale(metric)


def trials_by_seed(trials: pd.DataFrame, variants: Sequence[str]) -> pd.DataFrame:
    """Line up the ids of trials in the same way."""
    return _wide(trials, variants, "trial").dropna()


def differences(values: pd.DataFrame, weights: Mapping[str, float]) -> FloatArray:
    """Weigh the variants of `by_seed` against each other: one number a seed.

    Rounded to nine decimals, which removes the noise of floats and nothing that was measured, so
    that equal differences are equal.
    """
    weighed = [weight * values[variant].to_numpy(float) for variant, weight in weights.items()]
    return np.asarray(np.round(np.sum(weighed, axis=0), 9), dtype=np.float64)


def _wide(trials: pd.DataFrame, variants: Sequence[str], column: str) -> pd.DataFrame:
    # By hand, since pandas takes ten times as long to pivot, and reports ask hundreds of times.
    found: dict[str, dict[int, Any]] = {variant: {} for variant in variants}
    names = ["variant", "seed", "status", column]
    for variant, seed, status, value in zip(*(trials[name] for name in names), strict=True):
        if status == "done" and variant in found:
            found[variant][seed] = value
    seeds = pd.Index(sorted(set().union(*found.values())), name="seed")
    columns = {name: [values.get(seed) for seed in seeds] for name, values in found.items()}
    return pd.DataFrame(columns, index=seeds)
