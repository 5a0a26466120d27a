"""Colours, matplotlib settings and layouts of figures, for light pages, dark pages and paper."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from cnn_ablate.report import formatting

# Placeholders for lines and text: in an SVG each becomes a colour that the page defines.
INK = "#010203"
ACCENT = "#1f5fc3"
WARM = "#b84a08"
GOOD = "#0f7a59"
FAINT = "#8a929c"  # what means nothing; legible on white and on black
# Fills, the same on every page: white text is legible on them at full opacity.
BLUE = "#1f5fc4"
GREEN = "#0f7a5a"
ORANGE = "#c2500a"
# After the accent, those of Okabe and Ito's colours that are legible on white and on black.
CYCLE = (ACCENT, "#d55e00", "#009e73", "#cc79a7", "#e69f00", INK)
GAP = 0.15  # inches between plots
STRONG = 0.8  # from this opacity on, the text of a cell is white

RC: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 9.0,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titley": 1.0,  # otherwise searched for, which takes a tenth of the time of drawing
    "axes.facecolor": "none",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.unicode_minus": True,
    "figure.facecolor": "none",
    "grid.color": INK,
    "grid.alpha": 0.12,
    "grid.linewidth": 0.6,
    "image.composite_image": False,  # images keep their own resolution
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "lines.linewidth": 1.5,
    "pdf.fonttype": 42,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,  # names may contain dollar signs
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
}


def transparent_map(name: str, *colours: str) -> LinearSegmentedColormap:
    """Return a colour map from transparent to opaque, so that low values fade into the page.

    One colour is transparent at the low end; with two, the middle is transparent.
    """
    if len(colours) == 1:
        stops = [(0.0, (colours[0], 0.0)), (1.0, (colours[0], 1.0))]
    else:
        low, high = colours
        stops = [(0.0, (low, 1.0)), (0.5, (low, 0.0)), (0.5, (high, 0.0)), (1.0, (high, 1.0))]
    return LinearSegmentedColormap.from_list(name, stops)


SHARE = transparent_map("share", BLUE)
CHANGE = transparent_map("change", ORANGE, GREEN)


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure of a size in inches with one plot and constrained layout."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def board(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure without axes, with coordinates in inches from its upper left corner."""
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return figure, axes


def tiles(
    titles: Sequence[str], *, columns: int, side: float, margin: float = 0.0
) -> tuple[Figure, Axes, list[tuple[float, float]]]:
    """Return a figure of titled squares, with a margin at the left and below; sizes in inches.

    All squares share one Axes object, since one for each takes ten times as long.

    Returns:
        The figure, its axes, and the upper left corner (x, y) of each square.
    """
    columns = min(columns, len(titles))
    wrapped, head = _wrapped_titles(titles, side)
    step, row = side + GAP, head + side + 0.12
    rows = -(-len(titles) // columns)
    figure, axes = board(margin + columns * step, rows * row + margin)
    corners = [
        (margin + index % columns * step, head + index // columns * row)
        for index in range(len(titles))
    ]
    for title, (x, y) in zip(wrapped, corners, strict=True):
        axes.text(x, y - 0.06, title, fontsize=8.5, va="bottom")
    return figure, axes, corners


def panels(
    titles: Sequence[str], *, columns: int, size: tuple[float, float], margin: float = 0.6
) -> tuple[Figure, list[Axes]]:
    """Return a figure with a grid of small titled plots that share their axes; sizes in inches.

    The layout is computed here: constrained layout takes seconds for thirty plots.
    """
    columns = min(columns, len(titles))
    rows = -(-len(titles) // columns)
    titles, head = _wrapped_titles(titles, size[0])
    gap = head + 0.12
    width = margin + columns * size[0] + (columns - 1) * GAP + 0.1
    height = head + rows * size[1] + (rows - 1) * gap + margin
    figure = Figure(figsize=(width, height))
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    figure.subplots_adjust(
        left=margin / width,
        right=1 - 0.1 / width,
        top=1 - head / height,
        bottom=margin / height,
        wspace=GAP / size[0],
        hspace=gap / size[1],
    )
    plots = list(grid.flat)
    for axes, title in zip(plots, titles, strict=False):
        axes.set_title(title, loc="left", fontsize=8.5)
    for index, axes in enumerate(plots):
        lowest = index + columns >= len(titles)
        axes.xaxis.set_visible(lowest)
        axes.tick_params(labelbottom=lowest)
    for empty in plots[len(titles) :]:
        empty.remove()
    return figure, plots[: len(titles)]


def _wrapped_titles(titles: Sequence[str], width: float) -> tuple[list[str], float]:
    """Return titles wrapped to the width of their plots, and the height that they need."""
    wrapped = [formatting.wrapped(title, round(13 * width)) for title in titles]
    return wrapped, 0.16 + 0.14 * max(title.count("\n") + 1 for title in wrapped)


def powers(axis: Axis) -> None:
    """Label a logarithmic axis with plain numbers at 1, 2 and 5 of each power of ten."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
