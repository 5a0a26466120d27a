"""The effects: each contrast's difference with its interval, and the seeds it is made of."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cnn_ablate.report import style, words
from cnn_ablate.report.figures.figure import Picture
from cnn_ablate.report.measured import Measured


def data(measured: Measured) -> pd.DataFrame | None:
    """Give a row for each contrast that can be measured: points, interval, each seed's points."""
    rows = [
        {
            "variant": measured.short[effect.variant],
            "reference": measured.short[effect.reference],
            "usual": effect.reference == measured.reference,
            "seeds": effect.seeds,
            "difference": effect.difference,
            "low": effect.low,
            "high": effect.high,
            "p_adjusted": effect.p_adjusted,
            **measured.differences(effect),
        }
        for effect in measured.effects
        if effect.difference is not None
    ]
    return pd.DataFrame(rows).astype({"low": float, "high": float}) if rows else None


def draw(data: pd.DataFrame) -> Figure:
    """Draw one line a contrast, in the study's order, with zero as no effect."""
    figure, axes = style.canvas(6.1, 0.75 + 0.33 * len(data))
    axes.axvline(0, color=style.INK, lw=0.8, alpha=0.6)
    for height, (_, row) in enumerate(data.iterrows()):
        _row(axes, row, len(data) - 1 - height)
    axes.set_yticks(range(len(data)), [_label(row) for _, row in data.iloc[::-1].iterrows()])
    axes.set_ylim(-0.7, len(data) - 0.3)
    axes.set_xlabel("difference in test accuracy, percentage points")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    return figure


def _row(axes: Axes, row: pd.Series, height: int) -> None:
    colour = _colour(row["low"], row["high"])
    seeds = row.filter(like="seed ").dropna()
    axes.scatter(seeds, [height] * len(seeds), s=26, marker="|", color=style.INK, alpha=0.4, lw=1)
    axes.plot([row["low"], row["high"]], [height, height], color=colour, lw=2.2, alpha=0.9)
    axes.plot([row["difference"]], [height], "o", color=colour, ms=6)
    low, high = words.points(row["low"]), words.points(row["high"])
    text = f"{words.points(row['difference'])} {words.between(low, high)}"
    place = {"xycoords": axes.get_yaxis_transform(), "va": "center", "fontsize": 8}
    axes.annotate(text, (1.02, height), annotation_clip=False, **place)


def _label(row: pd.Series) -> str:
    if row["usual"]:
        return str(row["variant"])
    return f"{row['variant']}\nvs {row['reference']}"


def _colour(low: float, high: float) -> str:
    if low > 0:
        return style.ACCENT
    return style.WARM if high < 0 else style.INK


def _caption(measured: Measured, data: pd.DataFrame) -> str:
    lines = "lines are 95 % intervals paired by seed, " if data["low"].notna().any() else ""
    return (
        f"Difference in test accuracy from {_reference(measured, data)}: points are means, {lines}"
        f"ticks are single seeds ({measured.budget}). Blue gains and orange loses; where "
        "the interval includes no effect, the line is plain."
    )


def _reference(measured: Measured, data: pd.DataFrame) -> str:
    return measured.reference if data["usual"].all() else "each variant's reference"


def _alt(data: pd.DataFrame) -> str:
    said = [f"{row['variant']} {words.points(row['difference'])}" for _, row in data.iterrows()]
    return f"Forest plot of effects in percentage points: {words.listed(said, at_most=12)}."


EFFECTS = Picture("Effects", "Effects on test accuracy", data, draw, _caption, _alt)
