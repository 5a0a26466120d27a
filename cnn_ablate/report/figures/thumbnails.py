"""Test images with what the reference made of them, small enough to stand in a page."""

import io
from base64 import b64decode, b64encode
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray
from PIL import Image

from cnn_ablate.report import style
from cnn_ablate.report.measured import Measured

SIDE = 64  # in pixels: larger images are made smaller
_PNG = "data:image/png;base64,"


def predicted(measured: Measured) -> pd.DataFrame | None:
    """Give names and probability of the sample images, by the reference's first finished seed."""
    own = measured.trials[measured.trials["variant"] == measured.reference]
    if measured.results.samples is None or own.empty:
        return None
    trial = own.sort_values("seed")["trial"].iloc[0]
    classes = measured.results.classes
    names = classes.loc[classes["trial"] == trial, "class"].to_numpy()
    found = measured.results.predictions(trial)
    index = np.arange(min(len(measured.results.samples), len(found.label)))
    called = found.predicted[index]
    return pd.DataFrame(
        {
            "index": index,
            "true": names[found.label[index]],
            "predicted": names[called],
            "probability": found.probability[index, called],
        }
    )


def pictured(measured: Measured, chosen: pd.DataFrame) -> pd.DataFrame:
    """Put the image of each row beside it, as a data URL."""
    samples = measured.results.samples
    assert samples is not None
    return chosen.assign(image=[encoded(samples[index]) for index in chosen["index"]])


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


def draw(axes: Axes, url: str, text: str, **look: Any) -> None:
    """Draw an image with a text under it, pixel by pixel."""
    # Without interpolation an SVG keeps the image as it is, and the reader's screen enlarges it.
    axes.imshow(decoded(url), interpolation="none")
    axes.set(xticks=[], yticks=[])
    axes.set_xlabel(text, fontsize=8, labelpad=3, **look)
    axes.spines[:].set_visible(False)


def frame(axes: Axes) -> None:
    """Put a frame around an image that was taken for something else."""
    axes.spines[:].set(visible=True, color=style.WARM, linewidth=1.5)
