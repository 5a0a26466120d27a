"""Differences of confusion matrices from the reference's, averaged over seeds."""

import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import formatting
from cnn_ablate.report.figures import confusion, draw_heatmap
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.text import count, some

MAX_MATRICES = 6


def changes(context: ReportData) -> pd.DataFrame | None:
    """Return each cell's difference from the reference in points, paired by seed and averaged.

    Variants whose difference means nothing are left out.
    """
    counts = context.results.confusion
    if counts.empty or context.reference not in context.variants or len(context.variants) < 2:
        return None
    images = counts.groupby(["trial", "true"])["count"].transform("sum").clip(lower=1)
    shares = counts.assign(share=100 * counts["count"] / images)
    wide = shares.pivot_table("share", ["true", "predicted", "seed"], "variant", sort=False)
    differences = wide.sub(wide[context.reference], axis=0).drop(columns=context.reference)
    means = differences.groupby(["true", "predicted"], sort=False).mean().dropna(axis=1, how="all")
    tidy = means.melt(ignore_index=False, value_name="difference").reset_index()
    # A class that only one of the two variants has cannot be compared.
    return tidy[~tidy["variant"].isin(context.incomparable)].dropna(subset="difference")


def data(context: ReportData) -> pd.DataFrame | None:
    """Return the differences of the variants that differ most, or None if none can be compared."""
    return _part(context, slice(None, MAX_MATRICES))


def rest(context: ReportData) -> pd.DataFrame | None:
    """Return the differences of all other variants, or None if there are none."""
    return _part(context, slice(MAX_MATRICES, MAX_MATRICES + confusion.MAX_OTHERS))


def _part(context: ReportData, part: slice) -> pd.DataFrame | None:
    tidy = changes(context)
    if tidy is None:
        return None
    sizes = tidy["difference"].abs().groupby(tidy["variant"]).sum()
    names = list(sizes.sort_values(ascending=False, kind="stable").index[part])
    chosen = tidy[tidy["variant"].isin(names)]
    ordered = chosen.sort_values("variant", key=lambda v: v.map(names.index), kind="stable")
    named = ordered.assign(variant=ordered["variant"].map(context.short_names))
    return confusion.sparse(named, "difference") if names else None


def draw(data: pd.DataFrame) -> Figure:
    """Draw one matrix per variant: what is better in green, what is worse in orange."""
    scale = draw_heatmap.changes(data["difference"].abs().max())
    return confusion.matrices(data, "difference", scale, diagonal=-1.0)


def draw_small(data: pd.DataFrame) -> Figure:
    """Draw many matrices, too small for numbers."""
    scale = draw_heatmap.changes(data["difference"].abs().max())
    return confusion.matrices(data, "difference", scale, small=True, diagonal=-1.0)


def _caption(context: ReportData, data: pd.DataFrame) -> str:
    del data
    return (
        f"Confusion matrix minus that of {context.reference}, in percentage points of the images "
        f"of each true class, mean of differences paired by seed ({context.seed_counts}). Green: "
        "better, which is more on the diagonal and less elsewhere; orange: worse; empty: rounds to "
        "zero."
    )


def _rest_caption(context: ReportData, data: pd.DataFrame) -> str:
    limit = data["difference"].abs().max()
    return (
        f"The {count(data['variant'].nunique(), 'other variant')}, as above, with classes in "
        f"the same order; full colour is {limit:.1f} points ({context.seed_counts})."
    )


def _alt(data: pd.DataFrame) -> str:
    most = data.iloc[int(data["difference"].abs().to_numpy().argmax())]
    return (
        f"Differences of the confusion matrices of "
        f"{some(data['variant'].unique(), 5)}. The "
        f"largest: {most['true']} taken for {most['predicted']}, "
        f"{formatting.points(most['difference'])} points with {most['variant']}."
    )


MATRICES = FigureSpec(
    "Classes", "Confusions, relative to the reference", data, draw, _caption, _alt, folded=True
)
REST = FigureSpec(
    "Classes",
    "Confusions of the other variants, relative to the reference",
    rest,
    draw_small,
    _rest_caption,
    _alt,
    folded=True,
)
