"""Heat maps whose cells fade into the page, with their numbers in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap

from cnn_ablate.report import formats
from cnn_ablate.report.formats import MINUS
from cnn_ablate.report.style import CHANGE, INK, SHARE, STRONG

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


@dataclass(frozen=True)
class Place:
    """Where a table of cells begins, at the left and above, and how wide a cell is."""

    left: float = 0.0
    top: float = 0.0
    cell: float = 1.0

    def at(self, columns: float, rows: float) -> tuple[float, float]:
        """Give the point so many cells from the beginning."""
        return self.left + self.cell * columns, self.top + self.cell * rows


HERE = Place()


def draw(
    axes: Axes, values: pd.DataFrame, scale: Scale, *, size: float = 8.0, place: Place = HERE
) -> None:
    """Draw a table of values as cells, rows from top to bottom; without numbers at size 0."""
    rows, columns = values.shape
    numbered = size > 0 and columns <= CROWDED
    axes.pcolormesh(
        place.left + place.cell * np.arange(columns + 1),
        place.top + place.cell * np.arange(rows + 1),
        values.to_numpy(float),
        cmap=scale.colours,
        vmin=scale.low,
        vmax=scale.high,
        rasterized=not numbered,
    )
    if numbered:
        _write(axes, values, scale, size, place)


def _write(axes: Axes, values: pd.DataFrame, scale: Scale, size: float, place: Place) -> None:
    look: Any = {"ha": "center", "va": "center", "fontsize": size, "in_layout": False}
    for row, own in enumerate(values.to_numpy(float).tolist()):
        for column, value in enumerate(own):
            if text := "" if value != value else scale.number(value):  # noqa: PLR0124 - NaN
                colour = "white" if abs(value) > scale.strong else INK
                x, y = place.at(column + 0.5, row + 0.55)
                axes.text(x, y, text, color=colour, **look)


def name_rows(axes: Axes, names: Sequence[str], place: Place) -> None:
    """Write names at the left of a table, if there is room."""
    look: Any = {"ha": "right", "va": "center", "fontsize": 8}
    for row, text in enumerate(names if len(names) <= LEGIBLE else ()):
        x, y = place.at(0, row + 0.5)
        axes.text(x - 0.06, y, formats.wrapped(text), **look)


def name_columns(axes: Axes, names: Sequence[str], place: Place) -> None:
    """Write names below a square table, if there is room."""
    look: Any = {"ha": "center", "va": "top", "fontsize": 8, "rotation": 90}
    for column, text in enumerate(names if len(names) <= LEGIBLE else ()):
        x, y = place.at(column + 0.5, len(names))
        axes.text(x, y + 0.06, formats.short(text, 16), **look)


def head(axes: Axes, values: pd.DataFrame) -> None:
    """Name rows and columns, the latter on top and at a slant, as far as there is room."""
    rows, columns = values.shape
    axes.set(xlim=(0, columns), ylim=(rows, 0), xticks=[], yticks=[])
    if rows <= LEGIBLE:
        names = [formats.wrapped(str(name)) for name in values.index]
        axes.set_yticks([row + 0.5 for row in range(rows)], names)
    if columns <= LEGIBLE:
        axes.set_xticks([column + 0.5 for column in range(columns)], values.columns)
    axes.spines[:].set_visible(False)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for name in axes.get_xticklabels():
        name.set(rotation=45, ha="left", va="bottom", rotation_mode="anchor")
