"""The course of the learning rate: one line for all variants that share it."""

from itertools import cycle

import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import formats, style
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.figures.figure_spec import FigureSpec

LINES = 12


def data(measured: ReportContext) -> pd.DataFrame | None:
    """Give the learning rate per epoch of each group of variants, if any of them moves."""
    epochs = measured.epochs
    if epochs.empty:
        return None
    means = epochs.pivot_table("lr", "epoch", "variant", sort=False).sort_index()
    if (means.max() == means.min()).all():
        return None
    groups: dict[tuple[float, ...], list[str]] = {}
    for name in measured.variants:
        groups.setdefault(tuple(means[name].fillna(-1).round(12)), []).append(name)
    courses = [
        means[names[0]].dropna().rename("lr").reset_index().assign(variants=_named(measured, names))
        for names in list(groups.values())[:LINES]
    ]
    return pd.concat(courses)[["variants", "epoch", "lr"]]


def _named(measured: ReportContext, names: list[str]) -> str:
    return formats.several((measured.short[name] for name in names), at_most=2)


def draw(data: pd.DataFrame) -> Figure:
    """Draw one line a group, on a scale of its own size."""
    figure, axes = style.canvas(6.0, 2.7)
    looks = cycle([(colour, dash) for dash in ("-", "--", ":") for colour in style.CYCLE])
    for (name, course), (colour, dash) in zip(
        data.groupby("variants", sort=False), looks, strict=False
    ):
        marker = "o" if len(course) == 1 else ""
        axes.plot(course["epoch"], course["lr"], dash, color=colour, marker=marker, label=name)
    positive = data.loc[data["lr"] > 0, "lr"]
    if len(positive) and positive.max() / positive.min() > 20:
        axes.set_yscale("log")
        style.powers(axes.yaxis)
    axes.set(xlabel="epoch", ylabel="learning rate")
    axes.grid(axis="y")
    figure.legend(loc="outside right upper")
    return figure


def _caption(measured: ReportContext, data: pd.DataFrame) -> str:
    del data
    return (
        "Learning rate at each epoch; variants with the same course share a line "
        f"({measured.budget})."
    )


def _alt(data: pd.DataFrame) -> str:
    ends = [
        f"{name} from {course['lr'].iloc[0]:.2g} to {course['lr'].iloc[-1]:.2g}"
        for name, course in data.groupby("variants", sort=False)
    ]
    return f"Learning rate against epochs: {formats.several(ends)}."


COURSE = FigureSpec("Training", "Learning rate", data, draw, _caption, _alt)
