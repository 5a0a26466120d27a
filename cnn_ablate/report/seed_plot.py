"""An effect with its interval and its seeds as a small drawing in a table, all to one scale."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cnn_ablate.report.axis_limits import axis_limits
from cnn_ablate.report.outcomes import outcome
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.schema import Effect

WIDTH = 150.0  # CSS pixels
_MARGIN = 5.0


@dataclass(frozen=True)
class SeedPlot:
    """Places from the left in CSS pixels; `low` and `high` are equal without an interval.

    `outcome` is what was decided, which gives the colour, and `text` names the seeds' values.
    """

    zero: float
    value: float
    low: float
    high: float
    seeds: tuple[float, ...]
    outcome: str
    text: str


def seed_plots(context: ReportData, effects: Sequence[Effect]) -> dict[str, SeedPlot]:
    """Return the drawing of each effect that has a difference, by variant."""
    known = [effect for effect in effects if effect.difference is not None]
    if not known:
        return {}
    rows = [
        {
            "low": effect.low_family,
            "high": effect.high_family,
            "difference": effect.difference,
            **context.seed_differences(effect),
        }
        for effect in known
    ]
    data = pd.DataFrame(rows).astype(float)
    left, right = axis_limits(data) or _range(data)
    scale = (WIDTH - 2 * _MARGIN) / (right - left)
    placed = ((data.clip(left, right) - left) * scale + _MARGIN).assign(zero=_MARGIN - left * scale)
    return {
        effect.variant: _plot(context, effect, place)
        for effect, place in zip(known, placed.to_dict("records"), strict=True)
    }


def _plot(context: ReportData, effect: Effect, place: Mapping[Hashable, float]) -> SeedPlot:
    seeds = context.seed_differences(effect)
    value = place["difference"]
    low, high = (value if np.isnan(place[end]) else place[end] for end in ("low", "high"))
    return SeedPlot(
        zero=place["zero"],
        value=value,
        low=low,
        high=high,
        seeds=tuple(place[name] for name in seeds),
        outcome=outcome(context, effect),
        text=", ".join(f"{name}: {difference:+.2f}" for name, difference in seeds.items()),
    )


def _range(data: pd.DataFrame) -> tuple[float, float]:
    """Return the smallest and the largest number, and zero; a little more if all are equal."""
    low, high = (float(end(data.to_numpy(), initial=0.0)) for end in (np.nanmin, np.nanmax))
    return (low, high) if high > low else (low - 1, high + 1)
