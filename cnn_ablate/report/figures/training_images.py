"""Some training images as they are stored, and as augmentation changes them."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import figure_style
from cnn_ablate.report.figures import draw_thumbnails
from cnn_ablate.report.figures.figure_spec import FigureSpec
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.text import count

_LEFT = 0.85  # inches for the names of the rows


def data(context: ReportData) -> pd.DataFrame | None:
    """Return the images with their row, `raw` or `augmented`; None if none were kept.

    Where augmentation changes nothing there is one row.
    """
    kept = context.results.training_images
    if kept is None or not len(kept.raw):
        return None
    rows = {"raw": kept.raw}
    if not np.array_equal(kept.raw, kept.augmented):
        rows["augmented"] = kept.augmented
    images = [
        {"row": name, "column": column, "image": draw_thumbnails.encoded(pixels)}
        for name, row in rows.items()
        for column, pixels in enumerate(row)
    ]
    return pd.DataFrame(images)


def draw(data: pd.DataFrame) -> Figure:
    """Draw the raw images in a row, and the augmented ones below them."""
    step = draw_thumbnails.INCHES + draw_thumbnails.APART
    names = list(data["row"].unique())
    width = _LEFT + step * data["column"].nunique()
    figure, axes = figure_style.board(width, step * len(names))
    for image in data.to_dict("records"):
        top = step * names.index(image["row"])
        place = (_LEFT + step * image["column"], top)
        draw_thumbnails.draw(axes, image["image"], "", place=place)
    for index, name in enumerate(names):
        axes.text(0, step * index + draw_thumbnails.INCHES / 2, name, va="center", fontsize=8.5)
    return figure


def _caption(context: ReportData, data: pd.DataFrame) -> str:
    images = count(data["column"].nunique(), "training image")
    changed = "augmented" in set(data["row"])
    below = "; below, the same as augmentation changes them in its first epoch" if changed else ""
    return f"The first {images} of {context.reference} with seed 0{below}."


def _alt(data: pd.DataFrame) -> str:
    rows = " and ".join(data["row"].unique())
    return f"Rows of {data['column'].nunique()} training images: {rows}."


ROWS = FigureSpec("Images", "What it learns from", data, draw, _caption, _alt, folded=True)
