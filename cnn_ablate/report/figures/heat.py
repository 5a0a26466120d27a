"""Heat maps whose cells fade into the page, with their numbers in them."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap

from cnn_ablate.report import words
from cnn_ablate.report.style import CHANGE, INK, SHARE, STRONG
from cnn_ablate.report.words import MINUS

CROWDED = 20  # with more columns cells are too small for numbers
LEGIBLE = 40  # and with these many more, their names for reading


@dataclass(frozen=True)
class Scale:
    """What the colours of cells mean, and how their numbers are written."""

    colours: Colormap
    low: float
    high: float
    text: str
    strong: float
    zero: str = "0"

    def number(self, value: float) -> str:
        """Write the number of a cell; one that rounds to nothing in its own way."""
        shown = self.text.format(value).replace("-", MINUS)
        return shown if shown.strip(f"+{MINUS}0.") else self.zero


def shares(low: float, high: float, *, zero: str = "0") -> Scale:
    """Give a scale of values in per cent: the more, the darker."""
    return Scale(SHARE, low, max(high, low + 1e-9), "{:.0f}", low + STRONG * (high - low), zero)


def changes(limit: float) -> Scale:
    """Give a scale of signed points: gains in blue, losses in orange, nothing as the page."""
    limit = max(limit, 1e-9)
    return Scale(CHANGE, -limit, limit, "{:+.0f}", STRONG * limit, zero="")


def draw(axes: Axes, values: pd.DataFrame, scale: Scale, *, size: float = 8.0) -> None:
    """Draw a table of values as cells, rows from top to bottom; without numbers at size 0."""
    rows, columns = values.shape
    numbered = size > 0 and columns <= CROWDED
    axes.pcolormesh(
        values.to_numpy(float),
        cmap=scale.colours,
        vmin=scale.low,
        vmax=scale.high,
        rasterized=not numbered,
    )
    if numbered:
        _write(axes, values, scale, size)
    axes.set(xlim=(0, columns), ylim=(rows, 0), xticks=[], yticks=[])
    axes.tick_params(length=0)
    axes.tick_params(axis="x", rotation=90)
    axes.spines[:].set_visible(False)


def label(axes: Axes, values: pd.DataFrame) -> None:
    """Name rows and columns, as far as there is room."""
    rows, columns = values.shape
    if rows <= LEGIBLE:
        names = [words.wrapped(str(name)) for name in values.index]
        axes.set_yticks([row + 0.5 for row in range(rows)], names)
    if columns <= LEGIBLE:
        axes.set_xticks([column + 0.5 for column in range(columns)], values.columns)


def _write(axes: Axes, values: pd.DataFrame, scale: Scale, size: float) -> None:
    place: Any = {"ha": "center", "va": "center", "fontsize": size, "in_layout": False}
    for row, own in enumerate(values.to_numpy(float).tolist()):
        for column, value in enumerate(own):
            if text := "" if value != value else scale.number(value):  # noqa: PLR0124 - NaN
                colour = "white" if abs(value) > scale.strong else INK
                axes.text(column + 0.5, row + 0.55, text, color=colour, **place)


def head(axes: Axes, values: pd.DataFrame) -> None:
    """Name rows and columns, the latter on top and at a slant."""
    label(axes, values)
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", length=0)
    for name in axes.get_xticklabels():
        name.set(rotation=45, ha="left", va="bottom", rotation_mode="anchor")
