"""One small plot per variant of accuracy and loss per epoch, and of the running loss per step."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cnn_ablate.report import figure_style
from cnn_ablate.report.figures import chance_lines
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.report.final_evaluation import curves_note
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.text import some

MAX_PLOTS = 24
MAX_POINTS = 200
_ACCURACY = "accuracy, per cent"
_DASHES = {"training": "--", "validation": "-", "test": "-", "running": "-"}
_REFERENCE: dict[str, Any] = {"color": figure_style.INK, "lw": 1.0, "alpha": 0.4}


def spreads(context: ReportData, metric: str) -> pd.DataFrame | None:
    """Return mean, lowest and highest seed of a metric per epoch, on training and held-out images.

    None if no trial has two epochs, or none has recorded the metric.
    """
    epochs = context.epochs
    if epochs.empty or epochs["epoch"].max() < 2:
        return None
    validated = epochs[f"val_{metric}"].notna().any()
    held_out = ("val", "validation") if validated else ("test", "test")
    means = [
        _spread(epochs, "epoch", f"{column}_{metric}").assign(images=images)
        for column, images in (("train", "training"), held_out)
    ]
    tidy = pd.concat(means)
    return None if tidy.empty else tidy


def data(context: ReportData, *, metric: str) -> pd.DataFrame | None:
    """Return `spreads` of the variants to show, and of the reference; None if it has none.

    Accuracies are in per cent.
    """
    known = spreads(context, metric)
    tidy = None if known is None else _with_reference(context, known)
    if tidy is None or metric != "accuracy":
        return tidy
    columns = ["mean", "low", "high"]
    percentages = tidy.assign(**{name: 100 * tidy[name] for name in columns})
    return chance_lines.with_chance(context.chance, percentages)


def running(context: ReportData) -> pd.DataFrame | None:
    """Return mean, lowest and highest seed of the running loss, in bins if there are many steps."""
    steps = context.steps
    if steps.empty:
        return None
    width = max(1, -(-steps["step"].max() // MAX_POINTS))
    binned = steps.assign(step=(steps["step"] + width - 1) // width * width)
    spread = _spread(binned, "step", "loss").assign(images="running")
    return _with_reference(context, spread)


def _spread(rows: pd.DataFrame, time: str, column: str) -> pd.DataFrame:
    grouped = rows.dropna(subset=column).groupby(["variant", time], sort=False)[column]
    return grouped.agg(mean="mean", low="min", high="max").round(6).reset_index()


def _with_reference(context: ReportData, tidy: pd.DataFrame) -> pd.DataFrame | None:
    """Return the rows of the variants to show, and of the reference, drawn behind each of them."""
    means = context.trials.groupby("variant")[context.metric.name].mean()
    shown = context.farthest(means)[:MAX_PLOTS]
    rows = context.in_order(tidy[tidy["variant"].isin([*shown, context.reference])])
    if not rows["variant"].isin(shown).any():
        return None
    return rows.assign(
        variant=rows["variant"].map(context.short_names),
        shown=rows["variant"].isin(shown),
        reference=rows["variant"] == context.reference,
    )


def draw(data: pd.DataFrame, *, time: str, label: str) -> Figure:
    """Draw one small plot per variant, with the reference behind it in grey."""
    names = list(data.loc[data["shown"], "variant"].unique())
    figure, plots = figure_style.panels(names, columns=4, size=(2.15, 1.5), margin=0.62)
    reference = data[data["reference"]]
    for axes, name in zip(plots, names, strict=True):
        curves = data[data["variant"] == name]
        if not curves["reference"].any():
            _lines(axes, reference, time, _REFERENCE)
        _lines(axes, curves, time, {"color": figure_style.ACCENT})
        _bands(axes, curves, time)
        chance_lines.draw(axes, data, data["mean"].clip(lower=_floor(data, time, label)))
        axes.grid(axis="y")
    _scale(plots[0], data["mean"])
    plots[0].set_ylim(bottom=_floor(data, time, label))
    _legend(figure, plots, data)
    # With two plots the legend takes most of the width, so the label moves to the left.
    where: Any = {"x": 0.12, "ha": "left"} if len(plots) == 2 else {}
    figure.supxlabel(time, fontsize=9, **where)
    figure.supylabel(label, fontsize=9, x=0.01)
    return figure


def _floor(data: pd.DataFrame, time: str, label: str) -> float | None:
    """Return where the axis of accuracy starts, or None if it need not be cut.

    The first quarter of training rises so steeply that differences at its end could not be seen.
    """
    if label != _ACCURACY:
        return None
    later = data.loc[data[time] > data[time].max() / 4, "mean"]
    floor = later.min() - 0.1 * (data["mean"].max() - later.min())
    return float(floor) if data["mean"].min() < floor else None


def _scale(axes: Axes, values: pd.Series) -> None:
    """Set whole numbers on the time axis, and a logarithmic axis if a few values are very large."""
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    if values.min() > 0 and values.max() > 20 * values.median():
        axes.set_yscale("log")
        figure_style.powers(axes.yaxis)


def _lines(axes: Axes, frame: pd.DataFrame, time: str, look: dict[str, Any]) -> None:
    for images, curve in frame.groupby("images", sort=False):
        marker = "o" if len(curve) == 1 else ""
        axes.plot(curve[time], curve["mean"], _DASHES[str(images)], marker=marker, ms=3, **look)


def _bands(axes: Axes, frame: pd.DataFrame, time: str) -> None:
    for images, curve in frame.groupby("images", sort=False):
        if _DASHES[str(images)] == "-":
            band = curve[time], curve["low"], curve["high"]
            axes.fill_between(*band, color=figure_style.ACCENT, alpha=0.2, lw=0)


def _legend(figure: Figure, plots: Sequence[Axes], data: pd.DataFrame) -> None:
    """Draw the legend: below several plots, or inside a single one."""
    axes = plots[0]
    kinds = [str(images) for images in data["images"].unique()]
    for images in kinds:
        axes.plot([], [], _DASHES[images], color=figure_style.ACCENT, label=images)
    if _compares(data):
        axes.plot([], [], "-", label="reference", **_REFERENCE)
    if len(plots) == 1:
        axes.legend()
        return
    figure.legend(loc="lower right", ncols=len(kinds) + 1, borderaxespad=0.1)


def _compares(data: pd.DataFrame) -> bool:
    """Return whether any plot shows a variant with the reference behind it."""
    return not data.loc[data["shown"], "reference"].all()


def _caption(context: ReportData, data: pd.DataFrame, *, what: str, time: str, label: str) -> str:
    spread = "; band: range over seeds" if (data["high"] > data["low"]).any() else ""
    reference = f"; grey: {context.reference}" if _compares(data) else ""
    floor = _floor(data, time, label)
    chance = chance_lines.note(data, data["mean"].clip(lower=floor), unit=100)
    cut = f" The axis starts at {floor:.0f} %: lower values are cut off." if floor else ""
    shown, every = data.loc[data["shown"], "variant"].nunique(), len(context.variants)
    most = f" The {shown} of {every} variants that differ most." if shown < every else ""
    return (
        f"{what} vs. {time}, mean over seeds{spread}{reference} ({context.seed_counts})."
        f"{cut}{chance}{most}{curves_note(context.results.record, context.variants)}"
    )


def _alt(data: pd.DataFrame, *, what: str) -> str:
    return f"{what} for {some(data.loc[data['shown'], 'variant'].unique(), 5)}."


def _spec(
    what: str, data: Callable[[ReportData], pd.DataFrame | None], *, time: str, label: str
) -> FigureSpec:
    return FigureSpec(
        "Training",
        f"{what} of each variant",
        data,
        partial(draw, time=time, label=label),
        partial(_caption, what=what, time=time, label=label),
        partial(_alt, what=f"{what} vs. {time}"),
        folded=True,
    )


ACCURACY = _spec("Accuracy", partial(data, metric="accuracy"), time="epoch", label=_ACCURACY)
LOSS = _spec("Loss", partial(data, metric="loss"), time="epoch", label="loss")
RUNNING = _spec("Running loss", running, time="step", label="loss")
