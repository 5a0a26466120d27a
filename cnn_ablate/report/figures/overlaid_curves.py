"""Learning curves of the reference and of the variants that differ most from it, in one plot."""

from functools import partial
from itertools import cycle

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cnn_ablate.report import figure_export, figure_style, formatting
from cnn_ablate.report.figures import chance_lines, curves
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.report.final_evaluation import curves_note
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.text import some

MAX_LINES = 6
_TRAINING = "training"


def data(context: ReportData, *, metric: str) -> pd.DataFrame | None:
    """Return the mean curve of the reference and of the variants farthest from it, per epoch.

    Accuracies are in per cent. None if `curves.spreads` has none.
    """
    tidy = curves.spreads(context, metric)
    if tidy is None:
        return None
    means = context.trials.groupby("variant")[context.metric.name].mean()
    chosen = context.farthest(means)[:MAX_LINES]
    rows = context.in_order(tidy[tidy["variant"].isin(chosen)])
    scale = 100.0 if metric == "accuracy" else 1.0
    named = rows.assign(
        variant=rows["variant"].map(context.short_names),
        mean=scale * rows["mean"],
        reference=rows["variant"] == context.reference,
    )
    kept = named[["variant", "epoch", "mean", "images", "reference"]]
    return (
        chance_lines.with_chance(context.chance, kept, unit=scale) if metric == "accuracy" else kept
    )


def draw(data: pd.DataFrame, *, label: str) -> Figure:
    """Draw one colour per variant: solid on held-out images, faint and dashed in training."""
    figure, axes = figure_style.canvas(5.6, 3.9)
    colours = cycle(figure_style.CYCLE[:-1])
    only_training = (data["images"] == _TRAINING).all()
    for name, rows in data.groupby("variant", sort=False):
        is_reference = bool(rows["reference"].all())
        colour = figure_style.INK if is_reference else next(colours)
        for images, curve in rows.groupby("images", sort=False):
            is_faint = images == _TRAINING and not only_training
            _line(axes, curve, str(name), colour, is_faint=is_faint)
    chance_lines.draw(axes, data, data["mean"])
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.set(xlabel="epoch", ylabel=label)
    axes.grid(axis="y")
    figure.legend(loc="outside lower left", ncols=2)
    return figure


def _line(axes: Axes, curve: pd.DataFrame, name: str, colour: str, *, is_faint: bool) -> None:
    last = curve.iloc[-1]
    [line] = axes.plot(
        curve["epoch"],
        curve["mean"],
        "--" if is_faint else "-",
        color=colour,
        alpha=0.75 if is_faint else 1.0,
        lw=1.0 if is_faint else 1.7,
        label=None if is_faint else formatting.short(name, 34),
    )
    text = f"{name}, {last['images']}: {last['mean']:.3g} after epoch {last['epoch']:.0f}"
    line.set_gid(figure_export.tip(name, text))


def _caption(context: ReportData, data: pd.DataFrame, *, what: str) -> str:
    kinds = sorted(data["images"].unique(), key=lambda images: images == _TRAINING)
    drawn = f"solid on {kinds[0]} images" + ", dashed in training" * (len(kinds) - 1)
    shown, every = data["variant"].nunique(), len(context.variants)
    which = f"; the {shown} of {every} variants that differ most" if shown < every else ""
    unit = 100 if what == "Accuracy" else 1
    chance = chance_lines.note(data, data["mean"], unit=unit)
    note = curves_note(context.results.record, context.variants)
    return (
        f"{what} vs. epoch, mean over seeds: {drawn}{which} ({context.seed_counts}).{chance}{note}"
    )


def _alt(data: pd.DataFrame, *, what: str) -> str:
    return f"{what} vs. epoch for {some(data['variant'].unique(), 6)}."


def _spec(what: str, metric: str, label: str, *, folded: bool) -> FigureSpec:
    return FigureSpec(
        "Training",
        what,
        partial(data, metric=metric),
        partial(draw, label=label),
        partial(_caption, what=what),
        partial(_alt, what=what),
        folded=folded,
    )


ACCURACY = _spec("Accuracy", "accuracy", "accuracy, per cent", folded=False)
LOSS = _spec("Loss", "loss", "loss", folded=True)
