"""The pairs of classes that are most often confused, for each variant."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import style
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.figures import confusion, heatmap
from cnn_ablate.report.figures.figure_spec import FigureSpec

SHOWN = 12


def data(measured: ReportContext) -> pd.DataFrame | None:
    """Give the share of the most frequent confusions, over all variants, in per cent."""
    if measured.results.confusion.empty:
        return None
    tidy = confusion.shares(measured)
    wrong = tidy[tidy["true"] != tidy["predicted"]]
    pairs = wrong["true"] + " → " + wrong["predicted"]
    wrong = wrong.assign(pair=pairs, variant=wrong["variant"].map(measured.short))
    most = wrong.groupby("pair", sort=False)["share"].mean().nlargest(SHOWN).index
    kept = wrong[wrong["pair"].isin(most)]
    ordered = kept.sort_values("pair", key=lambda p: p.map(list(most).index), kind="stable")
    return ordered[["variant", "pair", "true", "predicted", "count", "share"]]


def draw(data: pd.DataFrame) -> Figure:
    """Draw a heat map, variants down and pairs across."""
    table = data.pivot_table("share", "variant", "pair", sort=False)
    rows, columns = table.shape
    figure, axes = style.canvas(2.8 + 0.52 * columns, 1.7 + 0.27 * rows)
    heatmap.draw(axes, table, heatmap.shares(0, np.nanmax(table)))
    heatmap.head(axes, table)
    return figure


def _caption(measured: ReportContext, data: pd.DataFrame) -> str:
    pair = data["pair"].iloc[0]
    return (
        "The most frequent confusions, true → predicted, in per cent of the images of the true "
        f"class, summed over seeds ({measured.budget}). First over all variants is {pair}."
    )


def _alt(data: pd.DataFrame) -> str:
    pairs = ", ".join(data["pair"].unique()[:3])
    return f"Heat map of the most confused pairs of classes per variant; the first are {pairs}."


PAIRS = FigureSpec("Confusions", "Most confused pairs", data, draw, _caption, _alt)
