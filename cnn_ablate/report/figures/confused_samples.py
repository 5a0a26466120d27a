"""Test images of the pairs of classes that the reference confuses most."""

import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import figure_style, formatting
from cnn_ablate.report.figures import confusion, draw_thumbnails
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.text import some

MAX_PAIRS = 3
IMAGES_PER_PAIR = 6
TEXT_HEIGHT = 0.5  # inches for the title above and the text below a row


def data(context: ReportData) -> pd.DataFrame | None:
    """Return the first images of the most confused pairs, or None if no images were kept."""
    return draw_thumbnails.with_images(context, lambda images: _confused(context, images))


def _confused(context: ReportData, images: pd.DataFrame) -> pd.DataFrame:
    shares = confusion.shares(context)
    wrong = shares["true"] != shares["predicted"]
    of_reference = shares[wrong & (shares["variant"] == context.reference)]
    pairs = of_reference[["true", "predicted", "share"]].nlargest(MAX_PAIRS, "share")
    confused = pairs.merge(images, on=["true", "predicted"])
    first = confused.groupby(["true", "predicted"]).cumcount() < IMAGES_PER_PAIR
    return confused.loc[first, ["index", "true", "predicted", "probability", "share"]]


def draw(data: pd.DataFrame) -> Figure:
    """Draw one row of images per pair, with the probability of the wrong class below each."""
    pairs = list(data.groupby(["true", "predicted"], sort=False))
    step, row = draw_thumbnails.INCHES + draw_thumbnails.APART, draw_thumbnails.INCHES + TEXT_HEIGHT
    figure, axes = figure_style.board(IMAGES_PER_PAIR * step, len(pairs) * row)
    for index, ((true, predicted), images) in enumerate(pairs):
        title = formatting.short(f"{true} → {predicted}", 60)
        top = index * row + 0.25
        axes.text(0, top - 0.06, f"{title}, {images['share'].iloc[0]:.1f} %")
        for column, image in enumerate(images.to_dict("records")):
            text = f"{100 * image['probability']:.0f} %"
            draw_thumbnails.draw(axes, image["image"], text, place=(column * step, top))
    return figure


def _caption(context: ReportData, _: pd.DataFrame) -> str:
    return (
        "Test images of the most confused pairs, true → predicted, with the share of the true "
        f"class that {context.reference} confuses this way, over all seeds. Below each image: the "
        "probability that its first finished seed gives to the wrong class."
    )


def _alt(data: pd.DataFrame) -> str:
    pairs = data.groupby(["true", "predicted"], sort=False)
    rows = [f"{len(images)} of {true} taken for {predicted}" for (true, predicted), images in pairs]
    return f"Rows of misclassified test images: {some(rows, 5)}."


ROWS = FigureSpec(
    "Classes", "Images of the most confused pairs", data, draw, _caption, _alt, folded=True
)
