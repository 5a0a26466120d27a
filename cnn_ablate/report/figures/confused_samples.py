"""Test images of the pairs of classes that the reference confuses most."""

import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import formats, style
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.figures import confusion, thumbnails
from cnn_ablate.report.figures.figure_spec import FigureSpec

PAIRS = 3
EACH = 6
AROUND = 0.5  # inches for the title above and the text below


def data(measured: ReportContext) -> pd.DataFrame | None:
    """Give the first samples of the most confused pairs, with the pair's share over all seeds."""
    return thumbnails.pictured(measured, lambda images: _confused(measured, images))


def _confused(measured: ReportContext, images: pd.DataFrame) -> pd.DataFrame:
    shares = confusion.shares(measured)
    wrong = shares["true"] != shares["predicted"]
    own = shares[wrong & (shares["variant"] == measured.reference)]
    pairs = own[["true", "predicted", "share"]].nlargest(PAIRS, "share")
    found = pairs.merge(images, on=["true", "predicted"])
    first = found.groupby(["true", "predicted"]).cumcount() < EACH
    return found.loc[first, ["index", "true", "predicted", "probability", "share"]]


def draw(data: pd.DataFrame) -> Figure:
    """Draw a row of images for each pair, under each how sure the network is of the wrong name."""
    pairs = list(data.groupby(["true", "predicted"], sort=False))
    step, row = thumbnails.INCHES + thumbnails.APART, thumbnails.INCHES + AROUND
    figure, axes = style.board(EACH * step, len(pairs) * row)
    for index, ((true, predicted), images) in enumerate(pairs):
        title = formats.short(f"{true} → {predicted}", 60)
        top = index * row + 0.25
        axes.text(0, top - 0.06, f"{title}, {images['share'].iloc[0]:.1f} %")
        for column, image in enumerate(images.to_dict("records")):
            text = f"{100 * image['probability']:.0f} %"
            thumbnails.draw(axes, image["image"], text, place=(column * step, top))
    return figure


def _caption(measured: ReportContext, _: pd.DataFrame) -> str:
    return (
        "Test images of the most confused pairs, true → predicted, with the share of the true "
        f"class that {measured.reference} confuses so, over all seeds. Under each image: how sure "
        "its first finished seed is of the wrong name."
    )


def _alt(data: pd.DataFrame) -> str:
    pairs = data.groupby(["true", "predicted"], sort=False)
    said = [f"{len(own)} of {true} taken for {predicted}" for (true, predicted), own in pairs]
    return f"Rows of wrongly named test images: {formats.several(said)}."


ROWS = FigureSpec("Confusions", "Images of the most confused pairs", data, draw, _caption, _alt)
