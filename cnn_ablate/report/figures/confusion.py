"""Confusion matrices of the variants, pooled over seeds."""

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import figure_style, formatting
from cnn_ablate.report.figures import draw_heatmap
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.text import count, some

# The other variants whose matrices are drawn, those that differ most from the reference.
MAX_OTHERS = 24


def shares(context: ReportData) -> pd.DataFrame:
    """Return counts summed over seeds, and their share of the true class's images in per cent."""
    confusion = context.results.confusion
    keys = ["variant", "true", "predicted"]
    summed = confusion.groupby(keys, sort=False)["count"].sum().reset_index()
    images = summed.groupby(["variant", "true"])["count"].transform("sum")
    return context.in_order(summed.assign(share=100 * summed["count"] / images.clip(lower=1)))


def ranked(context: ReportData, tidy: pd.DataFrame) -> list[str]:
    """Return variants by the difference of their matrix from the reference's, which comes first."""
    wide = tidy.pivot_table("share", ["true", "predicted"], "variant", sort=False)
    if context.reference not in wide:
        return [str(name) for name in wide.columns]
    distance = wide.sub(wide[context.reference], axis=0).abs().sum()
    distance[context.reference] = float("inf")
    return [str(name) for name in distance.sort_values(ascending=False, kind="stable").index]


def data(context: ReportData) -> pd.DataFrame | None:
    """Return the matrix of the reference, or of the first variant."""
    return _part(context, slice(None, 1))


def rest(context: ReportData) -> pd.DataFrame | None:
    """Return the matrices of other variants, or None if there are none."""
    return _part(context, slice(1, 1 + MAX_OTHERS))


def _part(context: ReportData, part: slice) -> pd.DataFrame | None:
    if context.results.confusion.empty:
        return None
    tidy = shares(context)
    names = ranked(context, tidy)[part]
    chosen = tidy[tidy["variant"].isin(names)]
    ordered = chosen.sort_values("variant", key=lambda v: v.map(names.index), kind="stable")
    named = ordered.assign(variant=ordered["variant"].map(context.short_names))
    return sparse(named, "share") if names else None


def sparse(tidy: pd.DataFrame, value: str) -> pd.DataFrame:
    """Drop the empty cells off the diagonal if there are many classes."""
    if tidy["true"].nunique() <= draw_heatmap.CROWDED:
        return tidy
    return tidy[(tidy[value].abs() > 1e-9) | (tidy["true"] == tidy["predicted"])]


def draw(data: pd.DataFrame) -> Figure:
    """Draw one matrix per variant, with true classes as rows and predicted ones as columns."""
    return matrices(data, "share", draw_heatmap.shares(0, 100, zero=""))


def draw_small(data: pd.DataFrame) -> Figure:
    """Draw many matrices, too small for numbers."""
    return matrices(data, "share", draw_heatmap.shares(0, 100), small=True)


def matrices(
    data: pd.DataFrame,
    value: str,
    scale: draw_heatmap.Scale,
    *,
    small: bool = False,
    diagonal: float = 1.0,
) -> Figure:
    """Draw a grid of matrices of one column of the data; small ones without names and numbers.

    Colours off the diagonal are those of the negative value if `diagonal` is -1.
    """
    groups = data.groupby("variant", sort=False)
    tables = {str(name): _square(rows, value) for name, rows in groups}
    # Matrices beside each other share the class names at the left.
    shared = len({tuple(table.index) for table in tables.values()}) == 1
    columns, side, margin = (6, 1.45, 0.0) if small else (3 if shared else 1, 2.9, 0.95)
    titles = [formatting.short(name, 34) if small else name for name in tables]
    figure, axes, corners = figure_style.tiles(titles, columns=columns, side=side, margin=margin)
    for index, (table, corner) in enumerate(zip(tables.values(), corners, strict=True)):
        classes = list(table.index)
        size = 0 if small else min(7.5, 75 / len(classes))
        place = draw_heatmap.Place(*corner, side / len(classes))
        signs = np.where(np.eye(len(classes), dtype=bool), 1.0, diagonal)
        draw_heatmap.draw(axes, table, replace(scale, signs=signs), size=size, place=place)
        if not small and index % columns == 0:
            draw_heatmap.name_rows(axes, classes, place)
        if not small and index + columns >= len(tables):
            draw_heatmap.name_columns(axes, classes, place)
    return figure


def _square(rows: pd.DataFrame, value: str) -> pd.DataFrame:
    """Return the matrix (classes, classes) of one variant, of the classes in its data."""
    classes = list(rows["true"].unique())
    table = rows.pivot_table(value, "true", "predicted", fill_value=0.0, sort=False)
    return table.loc[classes, classes]


def _caption(context: ReportData, data: pd.DataFrame) -> str:
    seeds = context.seeds_of([*data["variant"]])
    return (
        f"Share of the images of each true class (rows) that {data['variant'].iloc[0]} predicts as "
        f"each class (columns), in per cent, pooled over seeds ({seeds}). Empty "
        "cells round to zero."
    )


def _rest_caption(context: ReportData, data: pd.DataFrame) -> str:
    shown, others = data["variant"].nunique(), len(context.variants) - 1
    differ = f"The {count(shown, 'variant')} that differ most of {others}"
    which = differ if shown < others else f"The {count(shown, 'other variant')}"
    seeds = context.seeds_of([*data["variant"]])
    return f"{which}, as above, with classes in the same order ({seeds})."


def _alt(data: pd.DataFrame) -> str:
    names = some(data["variant"].unique(), 5)
    wrong = data[(data["true"] != data["predicted"]) & (data["share"] > 0)]
    if wrong.empty:
        return f"Confusion matrices of {names}. No image was misclassified."
    worst = wrong.iloc[int(wrong["share"].to_numpy().argmax())]
    return (
        f"Confusion matrices of {names}. Most frequent confusion: {worst['share']:.0f} per cent of "
        f"{worst['true']} taken for {worst['predicted']} by {worst['variant']}."
    )


MATRICES = FigureSpec("Classes", "Confusion matrix", data, draw, _caption, _alt)
REST = FigureSpec(
    "Classes",
    "Confusion matrices of the other variants",
    rest,
    draw_small,
    _rest_caption,
    _alt,
    folded=True,
)
