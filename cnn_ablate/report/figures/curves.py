"""Accuracy and loss from epoch to epoch, with the spread of the seeds."""

from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cnn_ablate.report import style, words
from cnn_ablate.report.figures.figure import Picture
from cnn_ablate.report.measured import Measured

SHOWN = 12
PARTS = {"train": "--", "validation": "-", "test": "-"}


def data(measured: Measured, *, metric: str, part: slice) -> pd.DataFrame | None:
    """Give mean, lowest and highest seed of a metric per epoch, on each part that was measured."""
    names = _names(measured)[part]
    epochs = measured.results.epochs
    if epochs.empty or not names:
        return None
    means = [_spread(epochs, f"{prefix}_{metric}", name) for name, prefix in _measured_on(epochs)]
    tidy = pd.concat([frame for frame in means if len(frame)] or [pd.DataFrame()])
    if tidy.empty:
        return None
    own = tidy["variant"].isin([*names, measured.reference])
    ordered = measured.in_order(tidy[own])
    return ordered.assign(
        variant=ordered["variant"].map(measured.short),
        reference=measured.short[measured.reference],
        panel=ordered["variant"].isin(names),
    )


def _names(measured: Measured) -> list[str]:
    """Order variants by how far their accuracy is from the reference's, which comes first."""
    means = measured.trials.groupby("variant")["test_accuracy"].mean()
    if measured.reference not in means:
        return list(measured.variants)
    distance = (means - means[measured.reference]).abs()
    distance[measured.reference] = float("inf")
    far = list(distance.sort_values(ascending=False, kind="stable").index[:SHOWN])
    first = [name for name in measured.variants if name in far]
    return [*first, *(name for name in measured.variants if name not in far)]


def _measured_on(epochs: pd.DataFrame) -> list[tuple[str, str]]:
    validated = epochs["val_loss"].notna().any()
    held_out = ("validation", "val") if validated else ("test", "test")
    return [("train", "train"), held_out]


def _spread(epochs: pd.DataFrame, column: str, part: str) -> pd.DataFrame:
    known = epochs.dropna(subset=column)
    grouped = known.groupby(["variant", "epoch"], sort=False)[column]
    spread = grouped.agg(mean="mean", low="min", high="max", seeds="count").round(6).reset_index()
    return spread.assign(part=part)


def draw(data: pd.DataFrame, *, label: str) -> Figure:
    """Draw a small plot for each variant, with the reference behind it in grey."""
    names = list(data.loc[data["panel"], "variant"].unique())
    figure, plots = style.panels(names, columns=4, size=(2.15, 1.5), margin=0.62)
    reference = data[data["variant"] == data["reference"].iloc[0]]
    for axes, name in zip(plots, names, strict=True):
        own = data[data["variant"] == name]
        if len(reference) and name != reference["variant"].iloc[0]:
            _lines(axes, reference, style.INK, behind=True)
        _lines(axes, own, style.ACCENT)
        axes.grid(axis="y")
    _legend(figure, plots[0], data)
    figure.supxlabel("epoch", fontsize=9)
    figure.supylabel(label, fontsize=9)
    return figure


def _lines(axes: Axes, frame: pd.DataFrame, colour: str, *, behind: bool = False) -> None:
    for part, own in frame.groupby("part", sort=False):
        dash = PARTS[str(part)]
        width, alpha = (1.0, 0.4) if behind else (1.5, 1.0)
        one = "o" if len(own) == 1 else None
        axes.plot(
            own["epoch"], own["mean"], dash, color=colour, lw=width, alpha=alpha, marker=one, ms=3
        )
        if dash == "-" and not behind:
            axes.fill_between(
                own["epoch"], own["low"], own["high"], color=colour, alpha=0.2, lw=0
            )


def _legend(figure: Figure, axes: Axes, data: pd.DataFrame) -> None:
    handles = [
        axes.plot([], [], PARTS[part], color=style.ACCENT, label=part)[0]
        for part in data["part"].unique()
    ]
    handles.append(axes.plot([], [], "-", color=style.INK, alpha=0.4, lw=1, label="reference")[0])
    figure.legend(handles=handles, loc="lower right", ncols=len(handles), borderaxespad=0.1)


def _caption(measured: Measured, data: pd.DataFrame, *, metric: str) -> str:
    seeds = int(data["seeds"].max())
    spread = "; the band spans the seeds" if seeds > 1 else ""
    return (
        f"{metric.capitalize()} from epoch to epoch, mean over seeds{spread}; in grey "
        f"{measured.reference} ({measured.budget})."
    )


def _alt(data: pd.DataFrame, *, metric: str) -> str:
    names = words.listed(data.loc[data["panel"], "variant"].unique())
    return f"Curves of {metric} against epochs for {names}."


def _picture(title: str, metric: str, part: slice, *, folded: bool = False) -> Picture:
    return Picture(
        "Training",
        title,
        partial(data, metric=metric, part=part),
        partial(draw, label=metric),
        partial(_caption, metric=metric),
        partial(_alt, metric=metric),
        folded,
    )


ACCURACY = _picture("Accuracy while training", "accuracy", slice(None, SHOWN))
LOSS = _picture("Loss while training", "loss", slice(None, SHOWN))
MORE_ACCURACY = _picture(
    "Accuracy while training, other variants", "accuracy", slice(SHOWN, None), folded=True
)
MORE_LOSS = _picture("Loss while training, other variants", "loss", slice(SHOWN, None), folded=True)
