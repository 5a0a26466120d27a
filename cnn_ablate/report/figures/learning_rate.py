"""Learning rate per epoch, with one line for all variants that share a schedule."""

from itertools import cycle

import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import figure_style
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.text import some

MAX_LINES = 12


def data(context: ReportData) -> pd.DataFrame | None:
    """Return the learning rate per epoch and group of variants, or None if all are constant."""
    epochs = context.epochs
    if epochs.empty:
        return None
    means = epochs.pivot_table("lr", "epoch", "variant", sort=False).sort_index()
    if (means.max() == means.min()).all():
        return None
    groups: dict[tuple[float, ...], list[str]] = {}
    for name in context.variants:
        groups.setdefault(tuple(means[name].fillna(-1).round(12)), []).append(name)
    schedules = [
        means[names[0]].dropna().rename("lr").reset_index().assign(variants=_named(context, names))
        for names in list(groups.values())[:MAX_LINES]
    ]
    return pd.concat(schedules)[["variants", "epoch", "lr"]]


def _named(context: ReportData, names: list[str]) -> str:
    return some((context.short_names[name] for name in names), 1)


def draw(data: pd.DataFrame) -> Figure:
    """Draw one line per group, on a logarithmic axis if rates differ by orders of magnitude."""
    figure, axes = figure_style.canvas(6.0, 2.7)
    looks = cycle([(colour, dash) for dash in ("-", "--", ":") for colour in figure_style.CYCLE])
    groups = data.groupby("variants", sort=False)
    for (name, rates), (colour, dash) in zip(groups, looks, strict=False):
        marker = "o" if len(rates) == 1 else ""
        axes.plot(rates["epoch"], rates["lr"], dash, color=colour, marker=marker, label=name)
    positive = data.loc[data["lr"] > 0, "lr"]
    if len(positive) and positive.max() / positive.min() > 20:
        axes.set_yscale("log")
        figure_style.powers(axes.yaxis)
    axes.set(xlabel="epoch", ylabel="learning rate")
    axes.grid(axis="y")
    figure.legend(loc="outside right upper")
    return figure


def _caption(context: ReportData, data: pd.DataFrame) -> str:
    del data
    return (
        "Learning rate per epoch; variants with the same schedule share a line "
        f"({context.seed_counts})."
    )


def _alt(data: pd.DataFrame) -> str:
    ends = [
        f"{name} from {rates['lr'].iloc[0]:.2g} to {rates['lr'].iloc[-1]:.2g}"
        for name, rates in data.groupby("variants", sort=False)
    ]
    return f"Learning rate vs. epoch: {some(ends, 5)}."


SCHEDULE = FigureSpec("Training", "Learning rate", data, draw, _caption, _alt, folded=True)
