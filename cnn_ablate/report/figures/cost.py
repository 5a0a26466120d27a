"""Accuracy against what it costs: parameters, and time of training."""

from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from cnn_ablate.report import formats, style
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.figures.figure_spec import FigureSpec

NAMED = 14
_COUNTS = ((1e9, "billions"), (1e6, "millions"), (1e3, "thousands"), (1.0, ""))
_TIMES = ((3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))


def data(measured: ReportContext, *, cost: str) -> pd.DataFrame | None:
    """Average accuracy (per cent) and cost over seeds, and mark who is on the Pareto front."""
    if len(measured.variants) < 2 or measured.trials[cost].isna().all():
        return None
    means = measured.trials.groupby("variant")[["test_accuracy", cost]].mean().reset_index()
    frame = measured.in_order(means.rename(columns={"test_accuracy": "accuracy"}))
    return frame.assign(
        variant=frame["variant"].map(measured.short),
        accuracy=100 * frame["accuracy"],
        front=front(frame[cost], frame["accuracy"]),
        reference=frame["variant"] == measured.reference,
    )


def front(costs: pd.Series, values: pd.Series) -> list[bool]:
    """Say of each whether no other is at least as good in both and better in one."""
    return [
        not ((costs <= cost) & (values >= value) & ((costs < cost) | (values > value))).any()
        for cost, value in zip(costs, values, strict=True)
    ]


def draw(data: pd.DataFrame, *, cost: str, label: str) -> Figure:
    """Draw one point a variant and the front as a line."""
    figure, axes = style.canvas(6.0, 3.4)
    size, unit = _unit(data[cost].max(), _TIMES if cost == "seconds" else _COUNTS)
    scaled = data.assign(cost=data[cost] / size)
    best = scaled[scaled["front"]].sort_values(["cost", "accuracy"])
    axes.step(best["cost"], best["accuracy"], where="post", color=style.ACCENT, lw=1, alpha=0.5)
    for points, colour in ((best, style.ACCENT), (scaled[~scaled["front"]], style.INK)):
        axes.scatter(points["cost"], points["accuracy"], s=22, color=colour, lw=0, zorder=3)
    _scale(axes, scaled["cost"])
    _name(axes, scaled)
    axes.set(xlabel=f"{label}, {unit}" if unit else label, ylabel="test accuracy, per cent")
    axes.grid(axis="both")
    return figure


def _unit(most: float, units: tuple[tuple[float, str], ...]) -> tuple[float, str]:
    """Choose the largest unit of which there is at least one."""
    return next((unit for unit in units if most >= unit[0]), units[-1])


def _name(axes: Axes, data: pd.DataFrame) -> None:
    """Write names in a column at the right, each led to its point, so that none overlap."""
    chosen = data if len(data) <= NAMED else data[data["front"] | data["reference"]]
    chosen = chosen.sort_values("accuracy").tail(NAMED)
    room = 0.06 * (data["accuracy"].max() - data["accuracy"].min()) + 0.05
    low, high = data["accuracy"].min() - room, data["accuracy"].max() + room
    _, edge = axes.get_xlim()
    axes.set(xlim=axes.get_xlim(), ylim=(low, high))
    heights = _apart(list(chosen["accuracy"]), gap=0.065 * (high - low), most=high)
    for height, (_, row) in zip(heights, chosen.iterrows(), strict=True):
        ends = [row["cost"], edge], [row["accuracy"], height]
        axes.plot(*ends, color=style.INK, alpha=0.25, lw=0.6, clip_on=False)
        colour = style.ACCENT if row["front"] else style.INK
        name = f" {formats.short(row['variant'], 36)}"
        axes.text(edge, height, name, fontsize=8, color=colour, va="center")


def _apart(heights: list[float], *, gap: float, most: float) -> list[float]:
    """Push rising heights apart by at least the gap, and back under the most."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + gap) if placed else height)
    for index in reversed(range(len(placed))):
        placed[index] = min(placed[index], most)
        most = placed[index] - gap
    return placed


def _scale(axes: Axes, costs: pd.Series) -> None:
    if costs.min() > 0 and costs.max() / costs.min() > 5:
        axes.set_xscale("log")
        style.powers(axes.xaxis)
    else:
        axes.xaxis.set_major_formatter(ScalarFormatter(useOffset=False))


def _caption(measured: ReportContext, data: pd.DataFrame, *, label: str) -> str:
    best = formats.several(data.loc[data["front"], "variant"])
    return (
        f"Test accuracy against {label}, means over seeds ({measured.budget}). In blue the front, "
        f"{best}: no other variant is as good at less cost."
    )


def _alt(data: pd.DataFrame, *, label: str) -> str:
    best = formats.several(data.loc[data["front"], "variant"])
    return f"Scatter of accuracy against {label}. On the Pareto front: {best}."


def _picture(title: str, cost: str, label: str) -> FigureSpec:
    return FigureSpec(
        "Cost",
        title,
        partial(data, cost=cost),
        partial(draw, cost=cost, label=label),
        partial(_caption, label=label),
        partial(_alt, label=label),
    )


PARAMETERS = _picture("Accuracy against parameters", "parameters", "parameters")
SECONDS = _picture("Accuracy against time", "seconds", "time of training")
