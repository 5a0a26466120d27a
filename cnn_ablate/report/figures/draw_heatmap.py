"""Heat maps with numbers in their cells, drawn at any place of a figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap

from cnn_ablate.report import formatting
from cnn_ablate.report.figure_style import CHANGE, INK, SHARE, STRONG
from cnn_ablate.report.formatting import MINUS
from cnn_ablate.stats import FloatArray

CROWDED = 20  # with more columns, cells are too small for numbers
LEGIBLE = 40  # with more rows or columns, their names are left out


@dataclass(frozen=True)
class Scale:
    """Colours and number format of cells; above `strong` in size, the text of a cell is white.

    A cell of sign -1 has the colour of its negative value, where less is better.
    """

    colours: Colormap
    low: float
    high: float
    text: str
    strong: float
    zero: str = "0"
    signs: FloatArray | float = 1.0

    def number(self, value: float) -> str:
        """Return the text of a cell; `zero` is that of a value that rounds to zero."""
        text = self.text.format(value).replace("-", MINUS)
        return text if text.strip(f"+{MINUS}0.") else self.zero


def shares(low: float, high: float, *, zero: str = "0") -> Scale:
    """Return a scale of values in per cent, from transparent to dark."""
    return Scale(SHARE, low, max(high, low + 1e-9), "{:.0f}", low + STRONG * (high - low), zero)


def changes(limit: float) -> Scale:
    """Return a scale of signed points: gains in green, losses in orange, zero transparent."""
    limit = max(limit, 1e-9)
    return Scale(CHANGE, -limit, limit, "{:+.0f}", STRONG * limit, zero="")


@dataclass(frozen=True)
class Place:
    """The upper left corner of a heat map, and the width of a cell, in units of the axes."""

    left: float = 0.0
    top: float = 0.0
    cell: float = 1.0

    def at(self, columns: float, rows: float) -> tuple[float, float]:
        """Return the point (x, y) that is a number of cells from the corner."""
        return self.left + self.cell * columns, self.top + self.cell * rows


ORIGIN = Place()


def draw(
    axes: Axes,
    values: pd.DataFrame,
    scale: Scale,
    *,
    size: float = 8.0,
    place: Place = ORIGIN,
) -> None:
    """Draw a table as a heat map, rows from top to bottom; at font size 0 without numbers."""
    rows, columns = values.shape
    numbered = size > 0 and columns <= CROWDED
    axes.pcolormesh(
        place.left + place.cell * np.arange(columns + 1),
        place.top + place.cell * np.arange(rows + 1),
        values.to_numpy(float) * scale.signs,
        cmap=scale.colours,
        vmin=scale.low,
        vmax=scale.high,
        rasterized=not numbered,
    )
    if numbered:
        _write(axes, values, scale, size, place)


def _write(axes: Axes, values: pd.DataFrame, scale: Scale, size: float, place: Place) -> None:
    look: Any = {"ha": "center", "va": "center", "fontsize": size, "in_layout": False}
    for row, numbers in enumerate(values.to_numpy(float).tolist()):
        for column, value in enumerate(numbers):
            if text := "" if isnan(value) else scale.number(value):
                colour = "white" if abs(value) > scale.strong else INK
                x, y = place.at(column + 0.5, row + 0.55)
                axes.text(x, y, text, color=colour, **look)


def name_rows(axes: Axes, names: Sequence[str], place: Place) -> None:
    """Write names at the left of a heat map, if there is room."""
    look: Any = {"ha": "right", "va": "center", "fontsize": 8}
    for row, text in enumerate(names if len(names) <= LEGIBLE else ()):
        x, y = place.at(0, row + 0.5)
        axes.text(x - 0.06, y, formatting.wrapped(text), **look)


def name_columns(axes: Axes, names: Sequence[str], place: Place) -> None:
    """Write names below a square heat map, if there is room."""
    look: Any = {"ha": "center", "va": "top", "fontsize": 8, "rotation": 90}
    for column, text in enumerate(names if len(names) <= LEGIBLE else ()):
        x, y = place.at(column + 0.5, len(names))
        axes.text(x, y + 0.06, formatting.short(text, 16), **look)


def name_axes(axes: Axes, values: pd.DataFrame) -> None:
    """Label rows at the left and columns at the top, slanted, if there is room."""
    rows, columns = values.shape
    axes.set(xlim=(0, columns), ylim=(rows, 0), xticks=[], yticks=[])
    if rows <= LEGIBLE:
        names = [formatting.wrapped(str(name)) for name in values.index]
        axes.set_yticks([row + 0.5 for row in range(rows)], names)
    if columns <= LEGIBLE:
        axes.set_xticks([column + 0.5 for column in range(columns)], values.columns)
    axes.spines[:].set_visible(False)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for name in axes.get_xticklabels():
        name.set(rotation=45, ha="left", va="bottom", rotation_mode="anchor")
