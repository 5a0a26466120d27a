"""Plot of estimates with their intervals, one row each, around a line at zero."""

from math import inf

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.markers import CARETLEFTBASE, CARETRIGHTBASE

from cnn_ablate.report import figure_export, figure_style, formatting
from cnn_ablate.report.axis_limits import axis_limits

_HEAD = 0.04  # of an arrow, as a fraction of the axis
# By the direction that was decided: a loss, neither, a gain.
_COLOURS = {-1: figure_style.WARM, 0: figure_style.INK, 1: figure_style.GOOD}


def draw(data: pd.DataFrame, *, value: str = "difference") -> Figure:
    """Draw one interval per row, in the order of the rows.

    Args:
        data: Columns `name`, `detail` (a second line, may be empty), `low`, `high`, the value, and
            `metric`, the label of the axis, with its unit;
            columns that start with `seed ` are drawn as ticks, and `images_low` and `images_high`
            as a thin line under the interval. `direction` (1: better, 0 or -1), if there, is what
            was decided, and gives the colour. Rows with a text in `meaningless` are grey.
        value: The column of the estimate.
    """
    row_height = 0.31 if (data["detail"] != "").any() else 0.26
    figure, axes = figure_style.canvas(5.0, 0.75 + row_height * len(data))
    axes.axvline(0, color=figure_style.INK, lw=0.8, alpha=0.6)
    ends = axis_limits(data, value=value)
    if ends:
        head = _HEAD * (ends[1] - ends[0])
        axes.set_xlim(ends[0] - head, ends[1] + head)
    for height, (_, row) in enumerate(data.iloc[::-1].iterrows()):
        _row(axes, row, row[value], height, ends or (-inf, inf))
    names = [_name(row["name"], row["detail"]) for _, row in data.iloc[::-1].iterrows()]
    axes.set_yticks(range(len(data)), names)
    axes.set_ylim(-0.7, len(data) - 0.3)
    axes.set_xlabel(data["metric"].iloc[0])
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    return figure


def unit_of(row: pd.Series) -> str:
    """Return the unit of a row's numbers: that at the end of its axis label."""
    return str(row["metric"]).rpartition(", ")[2]


def note(data: pd.DataFrame, *, value: str = "difference") -> str:
    """Return the sentence of a caption that explains arrow heads, if there are any."""
    cut = axis_limits(data, value=value) is not None
    return " An arrow head marks an interval that extends beyond the axis." if cut else ""


def _row(axes: Axes, row: pd.Series, value: float, height: int, ends: tuple[float, float]) -> None:
    is_void = bool(row.get("meaningless", ""))
    colour = figure_style.FAINT if is_void else _COLOURS[int(row.get("direction", 0))]
    seeds = row.filter(like="seed ").dropna()
    axes.scatter(
        seeds, [height] * len(seeds), s=30, marker="|", color=figure_style.INK, alpha=0.4, lw=1
    )
    if "images_low" in row:
        images = [row["images_low"], row["images_high"]]
        axes.plot(images, [height - 0.26] * 2, color=figure_style.INK, lw=0.9, alpha=0.55)
    low, high = np.clip((row["low"], row["high"]), *ends)
    axes.plot([low, high], [height, height], color=colour, lw=2.2, alpha=0.9)
    if row["low"] < low:
        axes.plot([low], [height], marker=CARETLEFTBASE, color=colour, ms=6, mew=0)
    if row["high"] > high:
        axes.plot([high], [height], marker=CARETRIGHTBASE, color=colour, ms=6, mew=0)
    [dot] = axes.plot([value], [height], "o", color=colour, ms=6)
    name = str(row.get("variant", row["name"])).replace("|", "/")
    dot.set_gid(figure_export.tip(name, f"{row['name']}: {_seeds(seeds)}"))
    star = "*" if "direction" in row and 0.0 in (row["low"], row["high"]) else ""
    unit = unit_of(row)
    interval = f"{formatting.points_interval(row['low'], row['high'], unit)}{star}"
    axes.annotate(
        "means nothing" if is_void else f"{formatting.points(value, unit)} {interval}",
        (1.02, height),
        xycoords=axes.get_yaxis_transform(),
        va="center",
        fontsize=8,
        annotation_clip=False,
    )


def _seeds(seeds: pd.Series) -> str:
    values = (f"{name}: {value:+.2f}" for name, value in seeds.items())
    return ", ".join(values) or "no seeds"


def _name(name: str, detail: str) -> str:
    return (
        f"{formatting.short(name, 34)}\n{formatting.short(detail, 34)}"
        if detail
        else formatting.wrapped(name)
    )
