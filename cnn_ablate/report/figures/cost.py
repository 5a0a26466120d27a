"""Accuracy against what it costs: parameters, and seconds of training."""

from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from cnn_ablate.report import style, words
from cnn_ablate.report.figures.figure import Picture
from cnn_ablate.report.measured import Measured

NAMED = 14


def data(measured: Measured, *, cost: str) -> pd.DataFrame | None:
    """Average accuracy (per cent) and cost over seeds, and mark who is on the Pareto front."""
    if len(measured.variants) < 2 or measured.trials[cost].isna().all():
        return None
    means = measured.trials.groupby("variant")[["test_accuracy", cost]].mean().reset_index()
    frame = measured.in_order(means.rename(columns={"test_accuracy": "accuracy"}))
    frame = frame.assign(accuracy=100 * frame["accuracy"], variant=frame["variant"])
    front = [
        not ((frame[cost] <= row[cost]) & (frame["accuracy"] > row["accuracy"])).any()
        and not ((frame[cost] < row[cost]) & (frame["accuracy"] >= row["accuracy"])).any()
        for _, row in frame.iterrows()
    ]
    reference = frame["variant"] == measured.reference
    names = frame["variant"].map(measured.short)
    return frame.assign(variant=names, front=front, reference=reference)


def draw(data: pd.DataFrame, *, cost: str, label: str) -> Figure:
    """Draw one point a variant and the front as a line."""
    figure, axes = style.canvas(7.2, 4.0)
    front = data[data["front"]].sort_values([cost, "accuracy"])
    axes.step(front[cost], front["accuracy"], where="post", color=style.ACCENT, lw=1, alpha=0.5)
    for kind, colour in ((data["front"], style.ACCENT), (~data["front"], style.INK)):
        points = data[kind]
        axes.scatter(points[cost], points["accuracy"], s=22, color=colour, lw=0, zorder=3)
    _name(axes, data, cost)
    _scale(axes, data[cost])
    axes.set(xlabel=label, ylabel="test accuracy, per cent")
    axes.grid(axis="both")
    return figure


def _name(axes: Axes, data: pd.DataFrame, cost: str) -> None:
    """Write names in a column at the right, each led to its point, so that none overlap."""
    chosen = data if len(data) <= NAMED else data[data["front"] | data["reference"]]
    chosen = chosen.sort_values("accuracy").tail(NAMED)
    low, high = data["accuracy"].min(), data["accuracy"].max()
    axes.set_ylim(low - 0.06 * (high - low) - 0.05, high + 0.06 * (high - low) + 0.05)
    bottom, top = axes.get_ylim()
    heights = _apart([(row - bottom) / (top - bottom) for row in chosen["accuracy"]], 0.062)
    for height, (_, row) in zip(heights, chosen.iterrows(), strict=True):
        axes.annotate(
            row["variant"],
            (row[cost], row["accuracy"]),
            xytext=(1.04, height),
            textcoords="axes fraction",
            va="center",
            fontsize=8,
            color=style.ACCENT if row["front"] else style.INK,
            arrowprops={"arrowstyle": "-", "color": style.INK, "alpha": 0.25, "lw": 0.6},
        )


def _apart(heights: list[float], gap: float) -> list[float]:
    """Push rising heights apart by at least the gap, and back under 1."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + gap) if placed else height)
    limit = 1.0
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = min(placed[index], limit)
        limit = placed[index] - gap
    return placed


def _scale(axes: Axes, costs: pd.Series) -> None:
    if costs.min() > 0 and costs.max() / costs.min() > 3:
        axes.set_xscale("log")
    axes.xaxis.set_major_locator(axes.xaxis.get_major_locator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.magnitude(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _caption(measured: Measured, data: pd.DataFrame, *, label: str) -> str:
    front = words.listed(data.loc[data["front"], "variant"])
    return (
        f"Test accuracy against {label}, means over seeds ({measured.budget}). In blue the front: "
        f"nothing is both cheaper and better than {front}."
    )


def _alt(data: pd.DataFrame, *, label: str) -> str:
    front = words.listed(data.loc[data["front"], "variant"])
    return f"Scatter of accuracy against {label}. On the Pareto front: {front}."


def _picture(title: str, cost: str, label: str) -> Picture:
    return Picture(
        "Cost",
        title,
        partial(data, cost=cost),
        partial(draw, cost=cost, label=label),
        partial(_caption, label=label),
        partial(_alt, label=label),
    )


PARAMETERS = _picture("Accuracy against parameters", "parameters", "parameters")
MACS = _picture("Accuracy against multiply-adds", "macs", "multiply-adds an image")
SECONDS = _picture("Accuracy against time", "seconds", "seconds of training")
