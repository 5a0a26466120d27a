"""Attribute the gain of a full system to its components: Shapley values, or leave one out."""

from collections.abc import Mapping, Sequence
from math import factorial

import numpy as np
import pandas as pd

from cnn_ablate.schema import TEST_ACCURACY, Factor, Level, Metric, Variant
from cnn_ablate.stats.crossing_cells import cells
from cnn_ablate.stats.paired_differences import sample_sd, t_interval
from cnn_ablate.stats.pairing import FloatArray, differences, values_by_seed
from cnn_ablate.stats.sentences import is_off

SHARED = "(shared)"

_COLUMNS = ["component", "method", "seeds", "contribution", "sd", "low", "high"]


def attribution(
    trials: pd.DataFrame,
    factors: Sequence[Factor],
    variants: Sequence[Variant],
    *,
    metric: Metric = TEST_ACCURACY,
) -> pd.DataFrame:
    """Attribute the gain of all on/off components together to each of them.

    If every combination of them was run with some seed, by Shapley values, which add up to the
    whole gain. Else by what the full system loses without this component; the rest of the whole
    gain, which is not zero because components can replace each other, is the row `(shared)`, if the
    system without any of them was run.

    Returns:
        One row per component: `component`, `method` (`shapley` or `leave one out`), `seeds`,
        `contribution` (in points where the metric is a fraction), its `sd`, `low` and `high` (t
        interval over seeds).
    """
    parts = components(factors)
    coalitions = _coalitions(parts, variants)
    # Sorted by mask, so that the column of a coalition is its mask if all of them were run.
    ordered = [coalitions[mask] for mask in sorted(coalitions)]
    values = values_by_seed(trials, ordered, metric).to_numpy(float)
    if parts and len(ordered) == 2 ** len(parts) and len(values):
        # As in `differences`: rounding removes floating-point noise only.
        shares = np.round(shapley(values), 9)
        rows = [_row(p.name, "shapley", shares[:, i]) for i, p in enumerate(parts)]
    else:
        rows = _left_out(trials, parts, coalitions, metric)
    return pd.DataFrame(rows, columns=_COLUMNS)


def components(factors: Sequence[Factor]) -> tuple[Factor, ...]:
    """Return the factors with two levels of which one removes the component."""
    return tuple(
        factor
        for factor in factors
        if len(factor.levels) == 2 and sum(is_absent(level) for level in factor.levels) == 1
    )


def shapley(values: FloatArray) -> FloatArray:
    """Return the Shapley value of each player (..., players).

    It is the mean gain when the player joins, over all orders in which players can join.

    Args:
        values: The value of each coalition (..., 2^players); bit i of its index says whether player
            i is a member.

    Reference: Shapley, A value for n-person games, 1953.
    """
    players = values.shape[-1].bit_length() - 1
    coalitions = np.arange(2**players)
    sizes = [int(coalition).bit_count() for coalition in coalitions]
    # In so many orders exactly these n players come before the one who joins.
    weights = np.array([factorial(n) * factorial(max(players - n - 1, 0)) for n in sizes])
    shares = []
    for player in range(players):
        without = coalitions[coalitions >> player & 1 == 0]
        gains = values[..., without | 1 << player] - values[..., without]
        shares.append(gains @ weights[without] / factorial(players))
    return np.stack(shares, axis=-1)


def _coalitions(parts: Sequence[Factor], variants: Sequence[Variant]) -> dict[int, str]:
    """Return the variant of each combination; bit i of the key says whether component i is in."""
    on = [next(level.label for level in part.levels if not is_absent(level)) for part in parts]
    return {
        sum((label == on[i]) << i for i, label in enumerate(at)): name
        for at, name in cells(parts, variants).items()
    }


def _left_out(
    trials: pd.DataFrame, parts: Sequence[Factor], coalitions: Mapping[int, str], metric: Metric
) -> list[tuple[object, ...]]:
    full = 2 ** len(parts) - 1
    alone = [{full: 1.0, full ^ 1 << i: -1.0} for i in range(len(parts))]
    wanted = [(part.name, weights) for part, weights in zip(parts, alone, strict=True)]
    # With a single component nothing can be shared.
    if len(parts) > 1:
        # The whole gain (full - none) minus the sum of the losses (full - full without one).
        one_less = {full ^ 1 << i: 1.0 for i in range(len(parts))}
        wanted.append((SHARED, {full: 1.0 - len(parts), 0: -1.0, **one_less}))
    return [
        _row(name, "leave one out", _gains(trials, coalitions, weights, metric))
        for name, weights in wanted
        if set(weights) <= set(coalitions)
    ]


def _gains(
    trials: pd.DataFrame,
    coalitions: Mapping[int, str],
    weights: Mapping[int, float],
    metric: Metric,
) -> FloatArray:
    by_name = {coalitions[mask]: weight for mask, weight in weights.items()}
    return differences(values_by_seed(trials, list(by_name), metric), by_name)


def _row(name: str, method: str, gains: FloatArray) -> tuple[object, ...]:
    mean = float(gains.mean()) if len(gains) else float("nan")
    return name, method, len(gains), mean, sample_sd(gains), *t_interval(gains)


def is_absent(level: Level) -> bool:
    """Return whether a level means that its component is off."""
    return all(is_off(value) for value in level.sets.values())
