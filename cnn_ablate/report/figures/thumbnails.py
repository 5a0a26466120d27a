"""Test images with what the reference made of them, small enough to stand in a page."""

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

from cnn_ablate.report import style
from cnn_ablate.report.context import ReportContext

SIDE = 64  # in pixels: larger images are made smaller
INCHES = 0.95
APART = 0.15
_PNG = "data:image/png;base64,"


def pictured(
    measured: ReportContext, choose: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame | None:
    """Choose among the sample images by what the reference's first finished seed named them.

    Each row is an image: its index, true and predicted name, probability, and a data URL of it.
    """
    samples = measured.results.samples
    own = measured.trials[measured.trials["variant"] == measured.reference]
    if samples is None or own.empty:
        return None
    trial = own.sort_values("seed")["trial"].iloc[0]
    chosen = choose(_named(measured, trial, len(samples)))
    images = [encoded(samples[index]) for index in chosen["index"]]
    return chosen.assign(image=images) if images else None


def _named(measured: ReportContext, trial: str, images: int) -> pd.DataFrame:
    classes = measured.results.classes
    names = classes.loc[classes["trial"] == trial, "class"].to_numpy()
    found = measured.results.predictions(trial)
    index = np.arange(min(images, len(found.label)))
    predicted = found.predicted[index]
    return pd.DataFrame(
        {
            "index": index,
            "true": names[found.label[index]],
            "predicted": names[predicted],
            "probability": found.probability[index, predicted],
        }
    )


def encoded(pixels: NDArray[np.uint8]) -> str:
    """Make a data URL of an image (channels, height, width), grey or in colour."""
    picture = Image.fromarray(pixels[0] if len(pixels) == 1 else np.moveaxis(pixels, 0, -1))
    picture.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    picture.save(file, format="png")
    return _PNG + b64encode(file.getvalue()).decode()


def decoded(url: str) -> NDArray[np.uint8]:
    """Read the image of a data URL back, in colour (height, width, 3)."""
    with Image.open(io.BytesIO(b64decode(url.removeprefix(_PNG)))) as picture:
        return np.asarray(picture.convert("RGB"))


def draw(
    axes: Axes, url: str, text: str, *, place: tuple[float, float], framed: bool = False
) -> None:
    """Draw an image at a place of a board with a text under it, both in orange if framed."""
    colour = style.WARM if framed else style.INK
    pixels = decoded(url)
    height, width = (INCHES * side / max(pixels.shape[:2]) for side in pixels.shape[:2])
    x, y = place[0] + (INCHES - width) / 2, place[1] + (INCHES - height) / 2
    # Without interpolation an SVG keeps the pixels as they are, and the screen enlarges them.
    extent = (x, x + width, y + height, y)
    axes.imshow(pixels, extent=extent, aspect="auto", interpolation="none")
    if framed:
        axes.add_patch(Rectangle((x, y), width, height, fill=False, ec=colour, lw=1.5))
    look: Any = {"ha": "center", "va": "top", "fontsize": 8, "color": colour}
    axes.text(place[0] + INCHES / 2, place[1] + INCHES + 0.05, text, **look)
