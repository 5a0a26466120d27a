"""Some test images, with the names that the reference gives them."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import formats, style
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.figures import thumbnails
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.stats import count

SHOWN = 24
COLUMNS = 8
UNDER = 0.42  # inches for two lines of text
CROSS = "\N{MULTIPLICATION SIGN}"


def data(measured: ReportContext) -> pd.DataFrame | None:
    """Give images spread evenly over the samples, whether they are named rightly or not."""
    return thumbnails.pictured(measured, _spread)


def _spread(images: pd.DataFrame) -> pd.DataFrame:
    places = np.linspace(0, len(images) - 1, min(SHOWN, len(images)))
    return images.iloc[places.round().astype(int)]


def draw(data: pd.DataFrame) -> Figure:
    """Draw the images in a grid; wrong names bear a cross and have the true ones below."""
    step, row = thumbnails.INCHES + thumbnails.APART, thumbnails.INCHES + UNDER
    figure, axes = style.board(COLUMNS * step, -(-len(data) // COLUMNS) * row + 0.05)
    for index, image in enumerate(data.to_dict("records")):
        true, predicted = formats.short(image["true"], 14), formats.short(image["predicted"], 12)
        wrong = image["true"] != image["predicted"]
        text = f"{CROSS} {predicted}\n({true})" if wrong else predicted
        place = (0.05 + index % COLUMNS * step, 0.05 + index // COLUMNS * row)
        thumbnails.draw(axes, image["image"], text, place=place, framed=wrong)
    return figure


def _caption(measured: ReportContext, data: pd.DataFrame) -> str:
    return (
        f"{count(len(data), 'test image')}, evenly spread and not picked, with the names that the "
        f"first finished seed of {measured.reference} gives them. A cross and a frame mark wrong "
        "names; the true ones are in brackets."
    )


def _alt(data: pd.DataFrame) -> str:
    wrong = data[data["true"] != data["predicted"]]
    said = [f"{true} taken for {taken}" for true, taken in wrong[["true", "predicted"]].to_numpy()]
    mistakes = f": {formats.several(said)}" if said else ""
    return f"Grid of {len(data)} test images with predicted names, {len(wrong)} wrong{mistakes}."


GRID = FigureSpec("Predictions", "Sample predictions", data, draw, _caption, _alt)
