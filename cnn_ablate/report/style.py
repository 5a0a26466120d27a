"""How figures look: one palette and one set of matplotlib settings, for light, dark and paper."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from cnn_ablate.report import formats

# Stand-ins for lines and text: in an SVG each becomes the colour that the page has for it.
INK = "#010203"
ACCENT = "#1f5fc3"
WARM = "#b84a08"
# Fills, the same on every page: they carry white text where they are full.
BLUE = "#1f5fc4"
ORANGE = "#c2500a"
# After the accent those of Okabe and Ito's colours that both a white and a black page carry.
CYCLE = (ACCENT, "#d55e00", "#009e73", "#cc79a7", "#e69f00", INK)
GAP = 0.15  # inches between plots
STRONG = 0.8  # from this opacity on, a cell carries white text

RC: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 9.0,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titley": 1.0,  # found by trial otherwise, which takes a tenth of all drawing
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
    "image.composite_image": False,  # images stay as sharp as they are
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "lines.linewidth": 1.5,
    "pdf.fonttype": 42,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,  # a name with dollar signs is a name
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
}


def fading(name: str, *colours: str) -> LinearSegmentedColormap:
    """Make a colour map that fades into the page instead of into white.

    One colour runs from clear to full; two run from full through clear to full.
    """
    if len(colours) == 1:
        stops = [(0.0, (colours[0], 0.0)), (1.0, (colours[0], 1.0))]
    else:
        low, high = colours
        stops = [(0.0, (low, 1.0)), (0.5, (low, 0.0)), (0.5, (high, 0.0)), (1.0, (high, 1.0))]
    return LinearSegmentedColormap.from_list(name, stops)


SHARE = fading("share", BLUE)
CHANGE = fading("change", ORANGE, BLUE)


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Open a figure of one plot, in inches, that makes room for its own labels."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def board(width: float, height: float) -> tuple[Figure, Axes]:
    """Open a figure without axes, its places in inches from its upper left corner."""
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return figure, axes


def tiles(
    titles: Sequence[str], *, columns: int, side: float, margin: float = 0.0
) -> tuple[Figure, Axes, list[tuple[float, float]]]:
    """Open a board of squares under titles, with a margin at the left and below; in inches.

    Gives the upper left corner of each square. One pair of axes for all of them takes a tenth of
    the time of one for each.
    """
    columns = min(columns, len(titles))
    wrapped, head = _headed(titles, side)
    step, row = side + GAP, head + side + 0.12
    rows = -(-len(titles) // columns)
    figure, axes = board(margin + columns * step, rows * row + margin)
    places = range(len(titles))
    corners = [(margin + i % columns * step, head + i // columns * row) for i in places]
    for title, (x, y) in zip(wrapped, corners, strict=True):
        axes.text(x, y - 0.06, title, fontsize=8.5, va="bottom")
    return figure, axes, corners


def panels(
    titles: Sequence[str], *, columns: int, size: tuple[float, float], margin: float = 0.6
) -> tuple[Figure, list[Axes]]:
    """Open a grid of small plots under titles, axes shared; sizes in inches.

    The layout is reckoned, not searched for: constrained layout takes seconds for thirty plots.
    """
    columns = min(columns, len(titles))
    rows = -(-len(titles) // columns)
    titles, head = _headed(titles, size[0])
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
    shown = list(grid.flat)
    for axes, title in zip(shown, titles, strict=False):
        axes.set_title(title, loc="left", fontsize=8.5)
    for index, axes in enumerate(shown):
        lowest = index + columns >= len(titles)
        axes.xaxis.set_visible(lowest)
        axes.tick_params(labelbottom=lowest)
    for empty in shown[len(titles) :]:
        empty.remove()
    return figure, shown[: len(titles)]


def _headed(titles: Sequence[str], width: float) -> tuple[list[str], float]:
    """Break titles where their plots end, and give the height that they need."""
    wrapped = [formats.wrapped(title, round(13 * width)) for title in titles]
    return wrapped, 0.16 + 0.14 * max(title.count("\n") + 1 for title in wrapped)


def powers(axis: Axis) -> None:
    """Put plain numbers at 1, 2 and 5 of each power of ten on a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
