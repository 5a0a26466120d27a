"""Estimates with their intervals, one line each, with zero as no effect."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cnn_ablate.report import style, words


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
    for height, (_, row) in enumerate(data.iloc[::-1].iterrows()):
        _row(axes, row, row[value], height)
    names = [_name(row["name"], row["detail"]) for _, row in data.iloc[::-1].iterrows()]
    axes.set_yticks(range(len(data)), names)
    axes.set_ylim(-0.7, len(data) - 0.3)
    axes.set_xlabel(label)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    return figure


def _row(axes: Axes, row: pd.Series, value: float, height: int) -> None:
    colour = _colour(row["low"], row["high"])
    seeds = row.filter(like="seed ").dropna()
    axes.scatter(seeds, [height] * len(seeds), s=30, marker="|", color=style.INK, alpha=0.4, lw=1)
    if "images_low" in row:
        ends = [row["images_low"], row["images_high"]]
        axes.plot(ends, [height - 0.26] * 2, color=style.INK, lw=0.9, alpha=0.55)
    axes.plot([row["low"], row["high"]], [height, height], color=colour, lw=2.2, alpha=0.9)
    axes.plot([value], [height], "o", color=colour, ms=6)
    interval = words.between(words.points(row["low"]), words.points(row["high"]))
    axes.annotate(
        f"{words.points(value)} {interval}",
        (1.02, height),
        xycoords=axes.get_yaxis_transform(),
        va="center",
        fontsize=8,
        annotation_clip=False,
    )


def _name(name: str, detail: str) -> str:
    return f"{words.short(name, 34)}\n{words.short(detail, 34)}" if detail else words.wrapped(name)


def _colour(low: float, high: float) -> str:
    if low > 0:
        return style.ACCENT
    return style.WARM if high < 0 else style.INK
