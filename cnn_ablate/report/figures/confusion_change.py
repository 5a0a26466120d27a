"""How the confusions of a variant differ from the reference's, averaged over seeds."""

import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import formats
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.figures import confusion, heatmap
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.stats import count


def changes(measured: ReportContext) -> pd.DataFrame | None:
    """Give each cell's difference from the reference in points, paired by seed and averaged."""
    counts = measured.results.confusion
    if counts.empty or measured.reference not in measured.variants or len(measured.variants) < 2:
        return None
    images = counts.groupby(["trial", "true"])["count"].transform("sum").clip(lower=1)
    shares = counts.assign(share=100 * counts["count"] / images)
    wide = shares.pivot_table("share", ["true", "predicted", "seed"], "variant", sort=False)
    against = wide.sub(wide[measured.reference], axis=0).drop(columns=measured.reference)
    means = against.groupby(["true", "predicted"], sort=False).mean().dropna(axis=1, how="all")
    tidy = means.melt(ignore_index=False, value_name="difference").reset_index()
    # Classes that only one side has differ by nothing that can be told.
    return tidy.dropna(subset="difference")


def data(measured: ReportContext) -> pd.DataFrame | None:
    """Give the differences of the variants that differ most."""
    return _part(measured, slice(None, confusion.SHOWN))


def rest(measured: ReportContext) -> pd.DataFrame | None:
    """Give the differences of all others."""
    return _part(measured, slice(confusion.SHOWN, None))


def _part(measured: ReportContext, part: slice) -> pd.DataFrame | None:
    tidy = changes(measured)
    if tidy is None:
        return None
    sizes = tidy["difference"].abs().groupby(tidy["variant"]).sum()
    names = list(sizes.sort_values(ascending=False, kind="stable").index[part])
    chosen = tidy[tidy["variant"].isin(names)]
    ordered = chosen.sort_values("variant", key=lambda v: v.map(names.index), kind="stable")
    named = ordered.assign(variant=ordered["variant"].map(measured.short))
    return confusion.sparse(named, "difference") if names else None


def draw(data: pd.DataFrame) -> Figure:
    """Draw one matrix a variant: what it takes more often in blue, less often in orange."""
    return confusion.matrices(data, "difference", heatmap.changes(data["difference"].abs().max()))


def draw_small(data: pd.DataFrame) -> Figure:
    """Draw many of them, too small for numbers."""
    scale = heatmap.changes(data["difference"].abs().max())
    return confusion.matrices(data, "difference", scale, small=True)


def _caption(measured: ReportContext, data: pd.DataFrame) -> str:
    del data
    return (
        f"Confusion matrix minus that of {measured.reference}, in points of the images of each "
        f"true class, paired by seed and averaged ({measured.budget}). On the diagonal blue is "
        "better; elsewhere blue is a confusion that became more frequent."
    )


def _rest_caption(measured: ReportContext, data: pd.DataFrame) -> str:
    limit = data["difference"].abs().max()
    return (
        f"The {count(data['variant'].nunique(), 'other variant')}, as above, the classes in "
        f"the same order; full colour is {limit:.1f} points ({measured.budget})."
    )


def _alt(data: pd.DataFrame) -> str:
    most = data.iloc[int(data["difference"].abs().to_numpy().argmax())]
    return (
        f"Differences of the confusion matrices of "
        f"{formats.several(data['variant'].unique())}. The "
        f"largest: {most['true']} taken for {most['predicted']}, "
        f"{formats.points(most['difference'])} points with {most['variant']}."
    )


MATRICES = FigureSpec("Confusions", "Confusions, against the reference", data, draw, _caption, _alt)
REST = FigureSpec(
    "Confusions",
    "Confusions of the other variants, against the reference",
    rest,
    draw_small,
    _rest_caption,
    _alt,
    folded=True,
)
