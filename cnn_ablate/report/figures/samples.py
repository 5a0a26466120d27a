"""Some test images, with the names that the reference gives them."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import style
from cnn_ablate.report.figures import thumbnails
from cnn_ablate.report.figures.figure import Picture
from cnn_ablate.report.measured import Measured

SHOWN = 24
COLUMNS = 8
CROSS = "\N{MULTIPLICATION SIGN}"


def data(measured: Measured) -> pd.DataFrame | None:
    """Give images spread evenly over the samples, whether they are named rightly or not."""
    found = thumbnails.predicted(measured)
    if found is None:
        return None
    even = np.linspace(0, len(found) - 1, min(SHOWN, len(found))).round().astype(int)
    return thumbnails.pictured(measured, found.iloc[even])


def draw(data: pd.DataFrame) -> Figure:
    """Draw the images in a grid; the wrong names bear a cross, with the true ones below."""
    size, blank = (0.9, 0.9), [""] * len(data)
    figure, plots = style.panels(blank, columns=COLUMNS, size=size, margin=0.4)
    for axes, row in zip(plots, data.to_dict("records"), strict=True):
        if row["true"] == row["predicted"]:
            thumbnails.draw(axes, row["image"], named(row["predicted"]))
        else:
            text = f"{CROSS} {named(row['predicted'])}\nis {named(row['true'])}"
            thumbnails.draw(axes, row["image"], text, wrong=True)
    return figure
