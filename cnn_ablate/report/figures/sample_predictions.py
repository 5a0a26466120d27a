"""Sample predictions: some test images with the classes that the reference predicts."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import figure_style, formatting
from cnn_ablate.report.figures import draw_thumbnails
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.text import count, some

MAX_IMAGES = 24
COLUMNS = 8
TEXT_HEIGHT = 0.42  # inches for two lines of text
CROSS = "\N{MULTIPLICATION SIGN}"


def data(context: ReportData) -> pd.DataFrame | None:
    """Return images spread evenly over the samples, right or wrong, or None if there are none."""
    return draw_thumbnails.with_images(context, _spread)


def _spread(images: pd.DataFrame) -> pd.DataFrame:
    places = np.linspace(0, len(images) - 1, min(MAX_IMAGES, len(images)))
    return images.iloc[places.round().astype(int)]


def draw(data: pd.DataFrame) -> Figure:
    """Draw the images in a grid; wrong predictions have a cross, and the true class below."""
    step, row = draw_thumbnails.INCHES + draw_thumbnails.APART, draw_thumbnails.INCHES + TEXT_HEIGHT
    figure, axes = figure_style.board(COLUMNS * step, -(-len(data) // COLUMNS) * row + 0.05)
    for index, image in enumerate(data.to_dict("records")):
        true, predicted = (
            formatting.short(image["true"], 14),
            formatting.short(image["predicted"], 12),
        )
        wrong = image["true"] != image["predicted"]
        text = f"{CROSS} {predicted}\n({true})" if wrong else predicted
        place = (0.05 + index % COLUMNS * step, 0.05 + index // COLUMNS * row)
        draw_thumbnails.draw(axes, image["image"], text, place=place, framed=wrong)
    return figure


def _caption(context: ReportData, data: pd.DataFrame) -> str:
    return (
        f"{count(len(data), 'test image')}, evenly spaced among those kept and not selected, with "
        f"the predictions of the first finished seed of {context.reference}. A cross and a frame "
        "mark wrong predictions, with the true class in brackets."
    )


def _alt(data: pd.DataFrame) -> str:
    wrong = data[data["true"] != data["predicted"]]
    pairs = [f"{true} taken for {taken}" for true, taken in wrong[["true", "predicted"]].to_numpy()]
    mistakes = f": {some(pairs, 5)}" if pairs else ""
    return f"Grid of {len(data)} test images with predictions, {len(wrong)} wrong{mistakes}."


GRID = FigureSpec("Predictions", "Sample predictions", data, draw, _caption, _alt)
