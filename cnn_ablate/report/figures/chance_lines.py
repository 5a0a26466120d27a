"""Lines at the accuracy of chance, and of always naming the most frequent class."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from cnn_ablate.report import figure_style, formatting

_DASHES = {"chance": ":", "most frequent class": "--"}


def with_chance(
    chance: Mapping[str, float], data: pd.DataFrame, *, unit: float = 100
) -> pd.DataFrame:
    """Return data with a column per line; `unit` is what the figure shows as accuracy 100 %."""
    return data.assign(**{name: unit * share for name, share in chance.items()})


def draw(axes: Axes, data: pd.DataFrame, values: pd.Series, *, upright: bool = False) -> None:
    """Draw the lines that are not far below the values; upright if accuracy is the x axis."""
    line = axes.axvline if upright else axes.axhline
    for name in _shown(data, values):
        at = float(data[name].iloc[0])
        line(at, ls=_DASHES[name], lw=0.9, color=figure_style.INK, alpha=0.6, zorder=1)


def note(data: pd.DataFrame, values: pd.Series, *, unit: float) -> str:
    """Return the sentence of a caption on chance, whether or not it is drawn."""
    shown = _shown(data, values)
    marks = {":": "dotted", "--": "dashed"}
    texts = [
        f"{name} {formatting.number(100 * data[name].iloc[0] / unit)} %"
        f"{f' ({marks[dash]} line)' if name in shown else ''}"
        for name, dash in _DASHES.items()
        if name in data
    ]
    return f" For comparison: {', '.join(texts)}." if texts else ""


def _shown(data: pd.DataFrame, values: pd.Series) -> list[str]:
    """Return the lines for which the axis need not be more than twice as long."""
    low, high = values.min(), values.max()
    return [name for name in _DASHES if name in data and low - data[name].iloc[0] <= high - low]
