"""Accuracy per class and variant, and its difference from the reference."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import figure_style, formatting
from cnn_ablate.report.figures import draw_heatmap
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.text import listed


def data(context: ReportData) -> pd.DataFrame | None:
    """Return the accuracy per class, mean over seeds in per cent, or None if no trial is done."""
    classes = context.results.classes
    if classes.empty:
        return None
    tested = _without_untested(classes[classes["variant"].isin(context.most_different)])
    means = tested.groupby(["variant", "class"], sort=False)["accuracy"].agg(["mean", "std"])
    tidy = (100 * means).set_axis(["accuracy", "sd"], axis=1).reset_index()
    ordered = context.in_order(tidy)
    return ordered.assign(variant=ordered["variant"].map(context.short_names))


def difference(context: ReportData) -> pd.DataFrame | None:
    """Return each class's difference from the reference in points, paired by seed and averaged.

    None if there is no other variant, or no class that it shares with the reference. Variants whose
    difference means nothing are left out.
    """
    classes = context.results.classes
    if classes.empty or context.reference not in context.variants or len(context.variants) < 2:
        return None
    tested = _without_untested(classes[classes["variant"].isin(context.most_different)])
    wide = 100 * tested.pivot_table("accuracy", ["class", "seed"], "variant", sort=False)
    differences = wide.sub(wide[context.reference], axis=0).drop(columns=context.reference)
    means = differences.groupby("class", sort=False).mean().dropna(axis="columns", how="all")
    tidy = means.melt(ignore_index=False, value_name="difference").reset_index()
    # A class that only one of the two variants has cannot be compared.
    tidy = tidy[~tidy["variant"].isin(context.incomparable)].dropna(subset="difference")
    if tidy.empty:
        return None
    ordered = context.in_order(tidy[["variant", "class", "difference"]])
    return ordered.assign(variant=ordered["variant"].map(context.short_names))


def _without_untested(classes: pd.DataFrame) -> pd.DataFrame:
    """Return rows of classes.csv without the accuracies of classes that have no test images."""
    return classes.assign(accuracy=classes["accuracy"].where(classes["n"] > 0))


def draw(data: pd.DataFrame) -> Figure:
    """Draw a heat map with one row per variant and one column per class."""
    table = data.pivot_table("accuracy", "variant", "class", sort=False, dropna=False)
    low, high = np.nanmin(table), np.nanmax(table)
    return _map(table, draw_heatmap.shares(low - 0.1 * (high - low), high))


def draw_difference(data: pd.DataFrame) -> Figure:
    """Draw a heat map of the differences."""
    table = data.pivot_table("difference", "variant", "class", sort=False)
    return _map(table, draw_heatmap.changes(np.nanmax(table.abs())))


def _map(table: pd.DataFrame, scale: draw_heatmap.Scale) -> Figure:
    rows, columns = table.shape
    cell = 0.37 if columns <= draw_heatmap.CROWDED else 0.12
    figure, axes = figure_style.canvas(2.2 + cell * columns, 0.9 + 0.27 * rows)
    draw_heatmap.draw(axes, table, scale)
    draw_heatmap.name_axes(axes, table)
    return figure


def _caption(context: ReportData, data: pd.DataFrame) -> str:
    return (
        f"Test accuracy per class in per cent, mean over seeds ({context.seed_counts})."
        f"{_lowest(context, data)}{_chance(context)}{context.left_out}"
    )


def _lowest(context: ReportData, data: pd.DataFrame) -> str:
    """Name the class of which the reference has the lowest accuracy, or all that tie.

    None if all classes do, or if the reference is not there.
    """
    own = data[data["variant"] == context.short_names[context.reference]]
    means = own.set_index("class")["accuracy"].dropna().round(9)
    lowest = list(means.index[means == means.min()])
    if len(lowest) == len(means):
        return ""
    noun, verb = ("class", "is") if len(lowest) == 1 else ("classes", "are")
    return f" The {noun} with the lowest accuracy in {context.reference} {verb} {listed(lowest)}."


def _chance(context: ReportData) -> str:
    chance = context.chance.get("chance")
    return f" Chance is {formatting.number(100 * chance)} %." if chance else ""


def _alt(data: pd.DataFrame) -> str:
    low, high = data["accuracy"].min(), data["accuracy"].max()
    return f"Heat map of accuracy per class and variant, from {low:.0f} to {high:.0f} per cent."


def _difference_caption(context: ReportData, data: pd.DataFrame) -> str:
    most = data.iloc[int(data["difference"].abs().to_numpy().argmax())]
    return (
        f"Difference from {context.reference} in percentage points, mean of differences paired by "
        f"seed ({context.seed_counts}). The largest is {formatting.points(most['difference'])} for "
        f"{most['class']} with {most['variant']}. Cells are not tested one by one; "
        "empty ones round to zero."
        f"{context.left_out}"
    )


def _difference_alt(data: pd.DataFrame) -> str:
    low, high = data["difference"].min(), data["difference"].max()
    return (
        f"Heat map of differences in accuracy per class, "
        f"from {formatting.points(low)} to {formatting.points(high)} points."
    )


ACCURACY = FigureSpec("Classes", "Accuracy per class", data, draw, _caption, _alt, folded=True)
DIFFERENCE = FigureSpec(
    "Classes",
    "Accuracy per class, relative to the reference",
    difference,
    draw_difference,
    _difference_caption,
    _difference_alt,
    folded=True,
)
