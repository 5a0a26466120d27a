"""Test images of the pairs of classes that the reference confuses most."""

import pandas as pd
from matplotlib.figure import Figure

from cnn_ablate.report import style, words
from cnn_ablate.report.figures import confusion, thumbnails
from cnn_ablate.report.figures.figure import Picture
from cnn_ablate.report.measured import Measured

PAIRS = 3
EACH = 6


def data(measured: Measured) -> pd.DataFrame | None:
    """Give the first samples of the most confused pairs, with the pair's share over all seeds."""
    return thumbnails.pictured(measured, lambda images: _confused(measured, images))


def _confused(measured: Measured, images: pd.DataFrame) -> pd.DataFrame:
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
    blank = [""] * (EACH * len(pairs))
    figure, plots = style.panels(blank, columns=EACH, size=(0.95, 0.95), margin=0.3)
    for row, ((true, predicted), images) in enumerate(pairs):
        own = plots[EACH * row : EACH * (row + 1)]
        title = words.short(f"{true} → {predicted}", 60)
        own[0].set_title(f"{title}, {images['share'].iloc[0]:.1f} %", loc="left")
        for axes, image in zip(own, images.to_dict("records"), strict=False):
            thumbnails.draw(axes, image["image"], f"{100 * image['probability']:.0f} %")
        for empty in own[len(images) :]:
            empty.remove()
    return figure


def _caption(measured: Measured, _: pd.DataFrame) -> str:
    return (
        "Test images of the most confused pairs, true → predicted, with the share of the true "
        f"class that {measured.reference} confuses so, over all seeds. Under each image: how sure "
        "its first finished seed is of the wrong name."
    )


def _alt(data: pd.DataFrame) -> str:
    pairs = data.groupby(["true", "predicted"], sort=False)
    said = [f"{len(own)} of {true} taken for {predicted}" for (true, predicted), own in pairs]
    return f"Rows of wrongly named test images: {words.several(said)}."


ROWS = Picture("Confusions", "Images of the most confused pairs", data, draw, _caption, _alt)
