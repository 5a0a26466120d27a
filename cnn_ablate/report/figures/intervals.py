"""Estimates with their intervals, one line each, with zero as no effect."""

from math import inf

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.markers import CARETLEFTBASE, CARETRIGHTBASE

from cnn_ablate.report import formats, style

# Of an axis, what a line goes on past the last mark, and what its arrow head takes.
_PAST, _HEAD = 0.02, 0.04


def draw(data: pd.DataFrame, *, label: str, value: str = "difference") -> Figure:
    """Draw a line a row, in the order of the rows.

    Args:
        data: Columns `name`, `detail` (a second line, may be empty), `low`, `high` and the value;
            columns that start with `seed ` are drawn as ticks, and `images_low` and `images_high`
            as a thin line under the interval.
        label: What the axis shows, with its unit.
        value: The column of the estimate.
    """
    apart = 0.31 if (data["detail"] != "").any() else 0.26
    figure, axes = style.canvas(5.0, 0.75 + apart * len(data))
    axes.axvline(0, color=style.INK, lw=0.8, alpha=0.6)
    ends = limits(data, value=value)
    if ends:
        head = _HEAD * (ends[1] - ends[0])
        axes.set_xlim(ends[0] - head, ends[1] + head)
    for height, (_, row) in enumerate(data.iloc[::-1].iterrows()):
        _row(axes, row, row[value], height, ends or (-inf, inf))
    names = [_name(row["name"], row["detail"]) for _, row in data.iloc[::-1].iterrows()]
    axes.set_yticks(range(len(data)), names)
    axes.set_ylim(-0.7, len(data) - 0.3)
    axes.set_xlabel(label)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    return figure


def limits(data: pd.DataFrame, *, value: str = "difference") -> tuple[float, float] | None:
    """Give where lines end that are too long for the axis, and None where it holds all of them.

    Args:
        data: As `draw` takes it.
        value: The column of the estimate.
    """
    low, high = data["low"].to_numpy(float), data["high"].to_numpy(float)
    marks = data.filter(regex="^(seed |images_)").assign(zero=0.0, value=data[value])
    measured = marks.to_numpy(float).ravel()
    width = high - low
    spread = width[width > 0]
    usual = np.quantile(spread, 0.75) if len(spread) else inf
    # The axis holds every mean and seed, and all intervals but those out of proportion: wider than
    # means and seeds lie apart, and than three times the width that three quarters of all keep to.
    # Were all equally uncertain, even of two seeds only one in 1,800 would be so wide.
    wide = (width > np.nanmax(measured) - np.nanmin(measured)) & (width > 3 * usual)
    held = np.concatenate([measured, low[~wide], high[~wide]])
    past = _PAST * (np.nanmax(held) - np.nanmin(held))
    left, right = float(np.nanmin(held) - past), float(np.nanmax(held) + past)
    beyond = (low < left) | (high > right)
    return (left, right) if beyond.any() else None


def note(data: pd.DataFrame, *, value: str = "difference") -> str:
    """Say in a caption what arrow heads mean, where there are any."""
    cut = limits(data, value=value) is not None
    return " Where a line ends in an arrow head, its interval goes on." if cut else ""


def _row(axes: Axes, row: pd.Series, value: float, height: int, ends: tuple[float, float]) -> None:
    colour = _colour(row["low"], row["high"])
    seeds = row.filter(like="seed ").dropna()
    axes.scatter(seeds, [height] * len(seeds), s=30, marker="|", color=style.INK, alpha=0.4, lw=1)
    if "images_low" in row:
        images = [row["images_low"], row["images_high"]]
        axes.plot(images, [height - 0.26] * 2, color=style.INK, lw=0.9, alpha=0.55)
    low, high = np.clip((row["low"], row["high"]), *ends)
    axes.plot([low, high], [height, height], color=colour, lw=2.2, alpha=0.9)
    if row["low"] < low:
        axes.plot([low], [height], marker=CARETLEFTBASE, color=colour, ms=6, mew=0)
    if row["high"] > high:
        axes.plot([high], [height], marker=CARETRIGHTBASE, color=colour, ms=6, mew=0)
    axes.plot([value], [height], "o", color=colour, ms=6)
    interval = formats.between(formats.points(row["low"]), formats.points(row["high"]))
    axes.annotate(
        f"{formats.points(value)} {interval}",
        (1.02, height),
        xycoords=axes.get_yaxis_transform(),
        va="center",
        fontsize=8,
        annotation_clip=False,
    )


def _name(name: str, detail: str) -> str:
    return (
        f"{formats.short(name, 34)}\n{formats.short(detail, 34)}"
        if detail
        else formats.wrapped(name)
    )


def _colour(low: float, high: float) -> str:
    if low > 0:
        return style.ACCENT
    return style.WARM if high < 0 else style.INK
