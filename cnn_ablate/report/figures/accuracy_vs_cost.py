"""The metric of the study vs. cost: number of parameters, and training time."""

from functools import partial
from itertools import pairwise

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from cnn_ablate.report import figure_export, figure_style, formatting
from cnn_ablate.report.figures import chance_lines
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.text import capital, some

MAX_NAMES = 14
_APART = 1.05
_COUNTS = ((1e9, "billions"), (1e6, "millions"), (1e3, "thousands"), (1.0, ""))
_TIMES = ((3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))


def data(context: ReportData, *, cost: str) -> pd.DataFrame | None:
    """Return mean metric and cost per variant, and which are on the Pareto front.

    Fractions are in per cent. None if neither direction of the metric is better, if there are
    fewer than two variants, or if the cost is unknown.
    """
    costs = context.trials[cost].astype(float)
    metric = context.metric
    if not metric.better or len(context.variants) < 2 or costs.isna().any() or not costs.any():
        return None
    if cost == "parameters" and not _differ(context.trials[cost]):
        return None
    means = context.trials.groupby("variant")[[metric.name, cost]].mean().reset_index()
    frame = context.in_order(means.rename(columns={metric.name: "value"}))
    gain = frame["value"] * (1 if metric.better == "higher" else -1)
    named = frame.assign(
        variant=frame["variant"].map(context.short_names),
        value=metric.scale * frame["value"],
        metric=metric.value_label,
        front=front(frame[cost], gain),
        reference=frame["variant"] == context.reference,
    )
    return chance_lines.with_chance(context.metric_chance, named)


def _differ(sizes: pd.Series) -> bool:
    """Return whether there are at least three sizes that differ by more than a twentieth."""
    known = sorted(sizes.dropna().unique())
    steps = [high for low, high in pairwise(known) if high > _APART * low]
    return len(steps) > 1


def front(costs: pd.Series, values: pd.Series) -> list[bool]:
    """Return whether each point is Pareto-optimal: none is as good in both and better in one."""
    return [
        not ((costs <= cost) & (values >= value) & ((costs < cost) | (values > value))).any()
        for cost, value in zip(costs, values, strict=True)
    ]


def draw(data: pd.DataFrame, *, cost: str, label: str) -> Figure:
    """Draw one point per variant, and the Pareto front as a line."""
    figure, axes = figure_style.canvas(6.0, 3.4)
    size, unit = _unit(data[cost].max(), _TIMES if cost == "seconds" else _COUNTS)
    scaled = data.assign(cost=data[cost] / size)
    best = scaled[scaled["front"]].sort_values(["cost", "value"])
    axes.step(best["cost"], best["value"], where="post", color=figure_style.ACCENT, lw=1, alpha=0.5)
    for points, colour in (
        (best, figure_style.ACCENT),
        (scaled[~scaled["front"]], figure_style.INK),
    ):
        for _, point in points.iterrows():
            dot = axes.scatter(point["cost"], point["value"], s=22, color=colour, lw=0, zorder=3)
            text = f"{point['variant']}: {point['value']:.3g}, {point['cost']:.3g} {unit}"
            dot.set_gid(figure_export.tip(point["variant"], text))
    _scale(axes, scaled["cost"])
    _name(axes, scaled)
    chance_lines.draw(axes, data, data["value"])
    axes.set(xlabel=f"{label}, {unit}" if unit else label, ylabel=data["metric"].iloc[0])
    axes.grid(axis="both")
    return figure


def _unit(most: float, units: tuple[tuple[float, str], ...]) -> tuple[float, str]:
    """Return the size and the name of the largest unit that is not above the highest value."""
    return next((unit for unit in units if most >= unit[0]), units[-1])


def _name(axes: Axes, data: pd.DataFrame) -> None:
    """Write names in a column at the right, each with a line to its point, so that none overlap."""
    chosen = data if len(data) <= MAX_NAMES else data[data["front"] | data["reference"]]
    chosen = chosen.sort_values("value").tail(MAX_NAMES)
    room = 0.06 * (data["value"].max() - data["value"].min()) + 0.05
    low, high = data["value"].min() - room, data["value"].max() + room
    _, edge = axes.get_xlim()
    axes.set(xlim=axes.get_xlim(), ylim=(low, high))
    heights = _spaced(list(chosen["value"]), gap=0.065 * (high - low), highest=high)
    for height, (_, row) in zip(heights, chosen.iterrows(), strict=True):
        ends = [row["cost"], edge], [row["value"], height]
        axes.plot(*ends, color=figure_style.INK, alpha=0.25, lw=0.6, clip_on=False)
        colour = figure_style.ACCENT if row["front"] else figure_style.INK
        name = f" {formatting.short(row['variant'], 36)}"
        axes.text(edge, height, name, fontsize=8, color=colour, va="center")


def _spaced(heights: list[float], *, gap: float, highest: float) -> list[float]:
    """Return ascending heights moved apart by at least the gap, none above the highest."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + gap) if placed else height)
    for index in reversed(range(len(placed))):
        placed[index] = min(placed[index], highest)
        highest = placed[index] - gap
    return placed


def _scale(axes: Axes, costs: pd.Series) -> None:
    if costs.min() > 0 and costs.max() / costs.min() > 5:
        axes.set_xscale("log")
        figure_style.powers(axes.xaxis)
    else:
        axes.xaxis.set_major_formatter(ScalarFormatter(useOffset=False))


def _caption(context: ReportData, data: pd.DataFrame, *, cost: str, label: str) -> str:
    best = some(data.loc[data["front"], "variant"], 5)
    timed = " Times are wall-clock: what else the machine did is part of them."
    clock = timed if cost == "seconds" else ""
    return (
        f"{capital(context.metric.label)} vs. {label}, means over seeds "
        f"({context.seed_counts}). Blue: the Pareto front, {best}; no other variant is as good at "
        f"a lower cost.{clock}"
        f"{chance_lines.note(data, data['value'], unit=100)}"
    )


def _alt(data: pd.DataFrame, *, label: str) -> str:
    best = some(data.loc[data["front"], "variant"], 5)
    return f"Scatter plot of {data['metric'].iloc[0]} vs. {label}. On the Pareto front: {best}."


def _spec(title: str, cost: str, label: str) -> FigureSpec:
    return FigureSpec(
        "Results" if cost == "parameters" else "Training",
        title,
        partial(data, cost=cost),
        partial(draw, cost=cost, label=label),
        partial(_caption, cost=cost, label=label),
        partial(_alt, label=label),
        folded=True,
    )


PARAMETERS = _spec("Performance vs. parameters", "parameters", "number of parameters")
SECONDS = _spec("Performance vs. training time", "seconds", "training time")
