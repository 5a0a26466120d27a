"""Accuracy on each class, for each variant, and its difference from the reference."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import formats, style
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.figures import heatmap
from cnn_ablate.report.figures.figure_spec import FigureSpec


def data(measured: ReportContext) -> pd.DataFrame | None:
    """Average each class's accuracy over seeds, in per cent."""
    classes = measured.results.classes
    if classes.empty:
        return None
    means = classes.groupby(["variant", "class"], sort=False)["accuracy"].agg(["mean", "std"])
    tidy = (100 * means).set_axis(["accuracy", "sd"], axis=1).reset_index()
    ordered = measured.in_order(tidy)
    return ordered.assign(variant=ordered["variant"].map(measured.short))


def difference(measured: ReportContext) -> pd.DataFrame | None:
    """Average over seeds each class's difference from the reference, in points, seed by seed."""
    classes = measured.results.classes
    if classes.empty or measured.reference not in measured.variants or len(measured.variants) < 2:
        return None
    wide = 100 * classes.pivot_table("accuracy", ["class", "seed"], "variant", sort=False)
    against = wide.sub(wide[measured.reference], axis=0).drop(columns=measured.reference)
    means = against.groupby("class", sort=False).mean().dropna(axis="columns", how="all")
    tidy = means.melt(ignore_index=False, value_name="difference").reset_index()
    # Classes that only one side has differ by nothing that can be told.
    tidy = tidy.dropna(subset="difference")
    if tidy.empty:
        return None
    ordered = measured.in_order(tidy[["variant", "class", "difference"]])
    return ordered.assign(variant=ordered["variant"].map(measured.short))


def draw(data: pd.DataFrame) -> Figure:
    """Draw a heat map, variants down and classes across."""
    table = data.pivot_table("accuracy", "variant", "class", sort=False)
    low, high = np.nanmin(table), np.nanmax(table)
    return _map(table, heatmap.shares(low - 0.1 * (high - low), high))


def draw_difference(data: pd.DataFrame) -> Figure:
    """Draw a heat map of the differences."""
    table = data.pivot_table("difference", "variant", "class", sort=False)
    return _map(table, heatmap.changes(np.nanmax(table.abs())))


def _map(table: pd.DataFrame, scale: heatmap.Scale) -> Figure:
    rows, columns = table.shape
    cell = 0.52 if columns <= heatmap.CROWDED else 0.12
    figure, axes = style.canvas(2.6 + cell * columns, 0.9 + 0.27 * rows)
    heatmap.draw(axes, table, scale)
    heatmap.head(axes, table)
    return figure


def _caption(measured: ReportContext, data: pd.DataFrame) -> str:
    worst = data.groupby("class")["accuracy"].mean().idxmin()
    return (
        f"Test accuracy on each class in per cent, mean over seeds ({measured.budget}). "
        f"The hardest class is {worst}."
    )


def _alt(data: pd.DataFrame) -> str:
    low, high = data["accuracy"].min(), data["accuracy"].max()
    return f"Heat map of accuracy per class and variant, from {low:.0f} to {high:.0f} per cent."


def _difference_caption(measured: ReportContext, data: pd.DataFrame) -> str:
    most = data.iloc[int(data["difference"].abs().to_numpy().argmax())]
    return (
        f"Difference from {measured.reference} in percentage points, paired by seed and averaged "
        f"({measured.budget}). The largest is {formats.points(most['difference'])} for "
        f"{most['class']} with {most['variant']}."
    )


def _difference_alt(data: pd.DataFrame) -> str:
    low, high = data["difference"].min(), data["difference"].max()
    return (
        f"Heat map of differences in accuracy per class, "
        f"from {formats.points(low)} to {formats.points(high)} points."
    )


ACCURACY = FigureSpec("Classes", "Accuracy per class", data, draw, _caption, _alt)
DIFFERENCE = FigureSpec(
    "Classes",
    "Accuracy per class, against the reference",
    difference,
    draw_difference,
    _difference_caption,
    _difference_alt,
)
