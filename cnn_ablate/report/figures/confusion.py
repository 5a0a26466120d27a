"""Confusion matrices of the variants, summed over seeds."""

import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import formats, style
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.figures import heatmap
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.stats import count

SHOWN = 6


def shares(measured: ReportContext) -> pd.DataFrame:
    """Sum counts over seeds, and give their share of the images of the true class in per cent."""
    confusion = measured.results.confusion
    keys = ["variant", "true", "predicted"]
    summed = confusion.groupby(keys, sort=False)["count"].sum().reset_index()
    images = summed.groupby(["variant", "true"])["count"].transform("sum")
    return measured.in_order(summed.assign(share=100 * summed["count"] / images.clip(lower=1)))


def ranked(measured: ReportContext, tidy: pd.DataFrame) -> list[str]:
    """Order variants by how much their matrix differs from the reference's, which comes first."""
    wide = tidy.pivot_table("share", ["true", "predicted"], "variant", sort=False)
    if measured.reference not in wide:
        return [str(name) for name in wide.columns]
    distance = wide.sub(wide[measured.reference], axis=0).abs().sum()
    distance[measured.reference] = float("inf")
    return [str(name) for name in distance.sort_values(ascending=False, kind="stable").index]


def data(measured: ReportContext) -> pd.DataFrame | None:
    """Give the matrices of the reference and of those that differ most from it."""
    return _part(measured, slice(None, SHOWN))


def rest(measured: ReportContext) -> pd.DataFrame | None:
    """Give the matrices of all other variants."""
    return _part(measured, slice(SHOWN, None))


def _part(measured: ReportContext, part: slice) -> pd.DataFrame | None:
    if measured.results.confusion.empty:
        return None
    tidy = shares(measured)
    names = ranked(measured, tidy)[part]
    chosen = tidy[tidy["variant"].isin(names)]
    ordered = chosen.sort_values("variant", key=lambda v: v.map(names.index), kind="stable")
    named = ordered.assign(variant=ordered["variant"].map(measured.short))
    return sparse(named, "share") if names else None


def sparse(tidy: pd.DataFrame, value: str) -> pd.DataFrame:
    """Drop the cells off the diagonal that hold nothing, where classes are many."""
    if tidy["true"].nunique() <= heatmap.CROWDED:
        return tidy
    return tidy[(tidy[value].abs() > 1e-9) | (tidy["true"] == tidy["predicted"])]


def draw(data: pd.DataFrame) -> Figure:
    """Draw one matrix a variant, true classes down and predicted across."""
    return matrices(data, "share", heatmap.shares(0, 100, zero=""))


def draw_small(data: pd.DataFrame) -> Figure:
    """Draw many matrices, too small for numbers."""
    return matrices(data, "share", heatmap.shares(0, 100), small=True)


def matrices(
    data: pd.DataFrame, value: str, scale: heatmap.Scale, *, small: bool = False
) -> Figure:
    """Draw a grid of matrices of one value of the data; small ones without names and numbers."""
    tables = {str(name): _square(own, value) for name, own in data.groupby("variant", sort=False)}
    # Beside each other they share the names of their classes.
    shared = len({tuple(table.index) for table in tables.values()}) == 1
    columns, side, margin = (6, 1.45, 0.0) if small else (3 if shared else 1, 2.9, 0.95)
    titles = [formats.short(name, 34) if small else name for name in tables]
    figure, axes, corners = style.tiles(titles, columns=columns, side=side, margin=margin)
    for index, (table, corner) in enumerate(zip(tables.values(), corners, strict=True)):
        classes = list(table.index)
        size = 0 if small else min(7.5, 75 / len(classes))
        place = heatmap.Place(*corner, side / len(classes))
        heatmap.draw(axes, table, scale, size=size, place=place)
        if not small and index % columns == 0:
            heatmap.name_rows(axes, classes, place)
        if not small and index + columns >= len(tables):
            heatmap.name_columns(axes, classes, place)
    return figure


def _square(own: pd.DataFrame, value: str) -> pd.DataFrame:
    """Give the matrix of one variant, of the classes that it has."""
    classes = list(own["true"].unique())
    table = own.pivot_table(value, "true", "predicted", fill_value=0.0, sort=False)
    return table.loc[classes, classes]


def _caption(measured: ReportContext, data: pd.DataFrame) -> str:
    shown = data["variant"].nunique()
    which = (
        f" Shown are {measured.reference} and the {shown - 1} that differ most from it."
        if shown < len(measured.variants)
        else ""
    )
    return (
        "Share of the images of each true class (down) that were predicted as each class (across), "
        f"in per cent, summed over seeds ({measured.budget}).{which}"
    )


def _rest_caption(measured: ReportContext, data: pd.DataFrame) -> str:
    return (
        f"The {count(data['variant'].nunique(), 'other variant')}, as above, the classes in "
        f"the same order ({measured.budget})."
    )


def _alt(data: pd.DataFrame) -> str:
    names = formats.several(data["variant"].unique())
    wrong = data[(data["true"] != data["predicted"]) & (data["share"] > 0)]
    if wrong.empty:
        return f"Confusion matrices of {names}. No image was taken for another class."
    worst = wrong.iloc[int(wrong["share"].to_numpy().argmax())]
    return (
        f"Confusion matrices of {names}. The largest confusion: {worst['share']:.0f} per cent of "
        f"{worst['true']} taken for {worst['predicted']} by {worst['variant']}."
    )


MATRICES = FigureSpec("Confusions", "Confusion matrices", data, draw, _caption, _alt)
REST = FigureSpec(
    "Confusions",
    "Confusion matrices of the other variants",
    rest,
    draw_small,
    _rest_caption,
    _alt,
    folded=True,
)
