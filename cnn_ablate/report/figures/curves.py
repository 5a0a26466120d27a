"""Accuracy and loss from epoch to epoch, and the running loss, with the spread of the seeds."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cnn_ablate.report import formats, style
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.figures.figure_spec import FigureSpec

SHOWN = 12
FIRST, OTHERS = slice(None, SHOWN), slice(SHOWN, None)
POINTS = 200
_DASHES = {"training": "--", "validation": "-", "test": "-", "running": "-"}
_BEHIND: dict[str, Any] = {"color": style.INK, "lw": 1.0, "alpha": 0.4}


def data(measured: ReportContext, *, metric: str, part: slice) -> pd.DataFrame | None:
    """Give mean, lowest and highest seed of a metric per epoch, training and held out."""
    epochs = measured.epochs
    if epochs.empty or epochs["epoch"].max() < 2:
        return None
    validated = epochs["val_loss"].notna().any()
    held_out = ("val", "validation") if validated else ("test", "test")
    means = [
        _spread(epochs, "epoch", f"{column}_{metric}").assign(images=images)
        for column, images in (("train", "training"), held_out)
    ]
    return _panelled(measured, pd.concat(means), part)


def running(measured: ReportContext, *, part: slice) -> pd.DataFrame | None:
    """Give mean, lowest and highest seed of the running loss, thinned where steps are many."""
    steps = measured.steps
    if steps.empty:
        return None
    width = max(1, -(-steps["step"].max() // POINTS))
    thinned = steps.assign(step=(steps["step"] + width - 1) // width * width)
    return _panelled(measured, _spread(thinned, "step", "loss").assign(images="running"), part)


def _spread(rows: pd.DataFrame, time: str, column: str) -> pd.DataFrame:
    grouped = rows.dropna(subset=column).groupby(["variant", time], sort=False)[column]
    return grouped.agg(mean="mean", low="min", high="max").round(6).reset_index()


def _panelled(measured: ReportContext, tidy: pd.DataFrame, part: slice) -> pd.DataFrame | None:
    """Keep the variants to show and the reference, which stands behind each of them."""
    shown = _names(measured)[part]
    own = measured.in_order(tidy[tidy["variant"].isin([*shown, measured.reference])])
    if not own["variant"].isin(shown).any():
        return None
    return own.assign(
        variant=own["variant"].map(measured.short),
        shown=own["variant"].isin(shown),
        reference=own["variant"] == measured.reference,
    )


def _names(measured: ReportContext) -> list[str]:
    """List the variants whose accuracy is farthest from the reference's, then all others."""
    means = measured.trials.groupby("variant")["test_accuracy"].mean()
    far = set(measured.farthest(means)[:SHOWN])
    return sorted(measured.variants, key=lambda name: name not in far)


def draw(data: pd.DataFrame, *, time: str, label: str) -> Figure:
    """Draw a small plot for each variant, with the reference behind it in grey."""
    names = list(data.loc[data["shown"], "variant"].unique())
    figure, plots = style.panels(names, columns=4, size=(2.15, 1.5), margin=0.62)
    reference = data[data["reference"]]
    for axes, name in zip(plots, names, strict=True):
        own = data[data["variant"] == name]
        if not own["reference"].any():
            _lines(axes, reference, time, _BEHIND)
        _lines(axes, own, time, {"color": style.ACCENT})
        _bands(axes, own, time)
        axes.grid(axis="y")
    _scale(plots[0], data["mean"])
    _legend(figure, plots, data)
    # Beside a legend that needs most of the width, the label goes to the left.
    where: Any = {"x": 0.12, "ha": "left"} if len(plots) == 2 else {}
    figure.supxlabel(time, fontsize=9, **where)
    figure.supylabel(label, fontsize=9, x=0.01)
    return figure


def _scale(axes: Axes, values: pd.Series) -> None:
    """Count epochs in whole numbers; where a loss went astray, make room for the others."""
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    if values.min() > 0 and values.max() > 20 * values.median():
        axes.set_yscale("log")
        style.powers(axes.yaxis)


def _lines(axes: Axes, frame: pd.DataFrame, time: str, look: dict[str, Any]) -> None:
    for images, own in frame.groupby("images", sort=False):
        marker = "o" if len(own) == 1 else ""
        axes.plot(own[time], own["mean"], _DASHES[str(images)], marker=marker, ms=3, **look)


def _bands(axes: Axes, frame: pd.DataFrame, time: str) -> None:
    for images, own in frame.groupby("images", sort=False):
        if _DASHES[str(images)] == "-":
            place = own[time], own["low"], own["high"]
            axes.fill_between(*place, color=style.ACCENT, alpha=0.2, lw=0)


def _legend(figure: Figure, plots: Sequence[Axes], data: pd.DataFrame) -> None:
    """Name the lines: under several plots, inside of one alone."""
    axes = plots[0]
    kinds = [str(images) for images in data["images"].unique()]
    for images in kinds:
        axes.plot([], [], _DASHES[images], color=style.ACCENT, label=images)
    if _compares(data):
        axes.plot([], [], "-", label="reference", **_BEHIND)
    if len(plots) == 1:
        axes.legend()
        return
    figure.legend(loc="lower right", ncols=len(kinds) + 1, borderaxespad=0.1)


def _compares(data: pd.DataFrame) -> bool:
    """Say whether a variant is shown before the reference."""
    return not data.loc[data["shown"], "reference"].all()


def _caption(measured: ReportContext, data: pd.DataFrame, *, what: str) -> str:
    spread = "; the band spans the seeds" if (data["high"] > data["low"]).any() else ""
    behind = f"; in grey {measured.reference}" if _compares(data) else ""
    return f"{what}, mean over seeds{spread}{behind} ({measured.budget})."


def _alt(data: pd.DataFrame, *, what: str) -> str:
    return f"{what} for {formats.several(data.loc[data['shown'], 'variant'].unique())}."


def _picture(
    what: str, data: Callable[..., pd.DataFrame | None], part: slice, *, time: str, label: str
) -> FigureSpec:
    rest = part == OTHERS
    return FigureSpec(
        "Training",
        f"{what}, other variants" if rest else what,
        partial(data, part=part),
        partial(draw, time=time, label=label),
        partial(_caption, what=f"{what} against {time}s"),
        partial(_alt, what=f"{what} against {time}s"),
        folded=rest,
    )


_accuracy, _loss = partial(data, metric="accuracy"), partial(data, metric="loss")
ACCURACY = _picture("Accuracy", _accuracy, FIRST, time="epoch", label="accuracy")
MORE_ACCURACY = _picture("Accuracy", _accuracy, OTHERS, time="epoch", label="accuracy")
LOSS = _picture("Loss", _loss, FIRST, time="epoch", label="loss")
MORE_LOSS = _picture("Loss", _loss, OTHERS, time="epoch", label="loss")
RUNNING = _picture("Running loss", running, FIRST, time="step", label="loss")
MORE_RUNNING = _picture("Running loss", running, OTHERS, time="step", label="loss")
