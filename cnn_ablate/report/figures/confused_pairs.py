"""The most frequent confusions of two classes, per variant."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import figure_style
from cnn_ablate.report.figures import confusion, draw_heatmap
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.report.report_data import ReportData

MAX_PAIRS = 12


def data(context: ReportData) -> pd.DataFrame | None:
    """Return the share of the most frequent confusions in per cent, or None without predictions."""
    if context.results.confusion.empty:
        return None
    tidy = confusion.shares(context)
    wrong = tidy[tidy["true"] != tidy["predicted"]]
    pairs = wrong["true"] + " → " + wrong["predicted"]
    wrong = wrong.assign(pair=pairs, variant=wrong["variant"].map(context.short_names))
    most = wrong.groupby("pair", sort=False)["share"].mean().nlargest(MAX_PAIRS).index
    chosen = wrong[wrong["pair"].isin(most)]
    ordered = chosen.sort_values("pair", key=lambda p: p.map(list(most).index), kind="stable")
    return ordered[["variant", "pair", "true", "predicted", "count", "share"]]


def draw(data: pd.DataFrame) -> Figure:
    """Draw a heat map with one row per variant and one column per pair."""
    table = data.pivot_table("share", "variant", "pair", sort=False)
    rows, columns = table.shape
    figure, axes = figure_style.canvas(2.8 + 0.52 * columns, 1.7 + 0.27 * rows)
    draw_heatmap.draw(axes, table, draw_heatmap.shares(0, np.nanmax(table)))
    draw_heatmap.name_axes(axes, table)
    return figure


def _caption(context: ReportData, data: pd.DataFrame) -> str:
    pair = data["pair"].iloc[0]
    return (
        "The most frequent confusions, true → predicted, in per cent of the images of the true "
        f"class, pooled over seeds ({context.seed_counts}). The most frequent over all variants is "
        f"{pair}."
    )


def _alt(data: pd.DataFrame) -> str:
    pairs = ", ".join(data["pair"].unique()[:3])
    return f"Heat map of the most confused pairs of classes per variant, led by {pairs}."


PAIRS = FigureSpec("Classes", "Most confused pairs", data, draw, _caption, _alt, folded=True)
