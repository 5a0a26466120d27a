"""Small test images with the predictions of the reference, for figures that show images."""

import io
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from PIL import Image

from cnn_ablate.report import figure_style
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.store import Predictions

MAX_PIXELS = 64  # larger images are scaled down
INCHES = 0.95
APART = 0.15
_PNG = "data:image/png;base64,"
# Channels of images that can be shown: grey, and red, green and blue.
_VISIBLE = (1, 3)


def with_images(
    context: ReportData, choose: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame | None:
    """Return chosen sample images with the predictions of the reference's first finished seed.

    None if no images or predictions were kept, or if `choose` leaves none of the rows that it gets.

    Returns:
        One row per image: its `index`, `true` and `predicted` class, the `probability` of the
        latter, columns that `choose` adds, and `image`, a data URL.
    """
    samples = context.results.samples
    trials = context.trials[context.trials["variant"] == context.reference]
    if samples is None or samples.shape[1] not in _VISIBLE or trials.empty:
        return None
    trial = trials.sort_values("seed")["trial"].iloc[0]
    predictions = context.results.predictions(trial)
    if predictions is None:
        return None
    chosen = choose(_named(context, trial, predictions, len(samples)))
    images = [encoded(samples[index]) for index in chosen["index"]]
    return chosen.assign(image=images) if images else None


def _named(context: ReportData, trial: str, predictions: Predictions, images: int) -> pd.DataFrame:
    classes = context.results.classes
    names = classes.loc[classes["trial"] == trial, "class"].to_numpy()
    index = np.arange(min(images, len(predictions.label)))
    return pd.DataFrame(
        {
            "index": index,
            "true": names[predictions.label[index]],
            "predicted": names[predictions.predicted[index]],
            "probability": predictions.confidence[index],
        }
    )


def encoded(pixels: NDArray[np.uint8]) -> str:
    """Return the data URL of an image (channels, height, width), grey or in colour."""
    picture = Image.fromarray(pixels[0] if len(pixels) == 1 else np.moveaxis(pixels, 0, -1))
    picture.thumbnail((MAX_PIXELS, MAX_PIXELS))
    file = io.BytesIO()
    picture.save(file, format="png")
    return _PNG + b64encode(file.getvalue()).decode()


def decoded(url: str) -> NDArray[np.uint8]:
    """Return the image of a data URL in colour (height, width, 3)."""
    with Image.open(io.BytesIO(b64decode(url.removeprefix(_PNG)))) as picture:
        return np.asarray(picture.convert("RGB"))


def draw(
    axes: Axes, url: str, text: str, *, place: tuple[float, float], framed: bool = False
) -> None:
    """Draw an image at (x, y) in inches with a text below it; if framed, both in orange."""
    colour = figure_style.WARM if framed else figure_style.INK
    pixels = decoded(url)
    height, width = (INCHES * side / max(pixels.shape[:2]) for side in pixels.shape[:2])
    x, y = place[0] + (INCHES - width) / 2, place[1] + (INCHES - height) / 2
    # Without interpolation the SVG keeps the pixels, and the viewer enlarges them.
    extent = (x, x + width, y + height, y)
    axes.imshow(pixels, extent=extent, aspect="auto", interpolation="none")
    if framed:
        axes.add_patch(Rectangle((x, y), width, height, fill=False, ec=colour, lw=1.5))
    look: Any = {"ha": "center", "va": "top", "fontsize": 8, "color": colour}
    axes.text(place[0] + INCHES / 2, place[1] + INCHES + 0.05, text, **look)
