"""Export figures: SVG in the colours of the page around it, and PDF for papers."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from fontTools import subset
from markupsafe import Markup
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from cnn_ablate.report.figure_style import ACCENT, GOOD, INK, RC, WARM

CELL_DPI = 200  # of heat maps that are rasterised because they have many cells
_COLOURS = {INK: "currentColor", ACCENT: "var(--accent)", WARM: "var(--warm)", GOOD: "var(--good)"}
# ISO 32000-1, section 9.9, table 126; the first is fontTools' own.
_EMBEDDED = {"GlyphOrder", "CFF ", "cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp"}
_EMBEDDED |= {"prep"}
_STANDALONE_STYLE = (
    "<style>svg { color: #1b2027; --accent: #1f5fc4; --warm: #b84a08; --good: #0f7a5a; "
    "font-family: system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; "
    "stroke-linejoin: round } "
    "@media (prefers-color-scheme: dark) "
    "{ svg { color: #e4e8ed; --accent: #7fb0ff; --warm: #ffa066; --good: #4cc9a0 } }</style>"
)
# Parts of matplotlib's SVG that no viewer needs; they are removed.
_UNNEEDED = (
    r"<metadata>.*?</metadata>",
    r"<!--.*?-->",
    r"<defs>\s*<style.*?</style>\s*</defs>",
    r"; font-family: [^;\"]*(?=[;\"])",
    r' transform="rotate\(-0 [^"]*\)"',
)


def inline_svg(figure: Figure, name: str) -> str:
    """Return a figure as an SVG element for an HTML page; its ids start with the name."""
    buffer = io.StringIO()
    figure.set_dpi(CELL_DPI)
    with mpl.rc_context({**RC, "svg.hashsalt": name}):
        # The canvas writes it directly, since savefig draws everything twice.
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(buffer, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    for pattern in _UNNEEDED:
        svg = re.sub(pattern, "", svg, flags=re.DOTALL)
    svg = re.sub(r' (?:d|x|y)="[^"]*"', lambda attribute: _rounded(attribute[0]), svg)
    for placeholder, colour in _COLOURS.items():
        svg = svg.replace(placeholder, colour)
    return re.sub(r"\s*\n\s*", "\n", _with_own_ids(_with_tips(svg), name))


def width(svg: str) -> float:
    """Return the natural width of an inline SVG in CSS pixels."""
    points = re.search(r'width="([\d.]+)pt"', svg)
    return float(points[1]) * 4 / 3 if points else 0.0


def labelled(svg: str, text: str) -> Markup:
    """Return an inline SVG with a text for screen readers and a smallest width."""
    pixels = width(svg)
    style = f"width: {pixels:.0f}px; min-width: {0.7 * pixels:.0f}px"
    attributes = Markup(' role="img" aria-label="{}" style="{}"').format(text, style)
    return Markup(f"<svg{attributes}{svg[4:]}")  # noqa: S704 - escaped text, our own drawing


def standalone(svg: str, key: str) -> str:
    """Return an inline SVG as a file with a key, readable on light and on dark pages."""
    head, rest = svg.split(">", 1)
    declaration = f'<?xml version="1.0" encoding="utf-8"?>\n<!-- {key} -->\n'
    return f"{declaration}{head}>{_STANDALONE_STYLE}{rest}"


def read_standalone(file: str, key: str) -> str | None:
    """Return the inline SVG in a file of `standalone`, or None if the file has another key."""
    head, start, rest = file.partition("<svg")
    if f"<!-- {key} -->" not in head:
        return None
    return f"{start}{rest.replace(_STANDALONE_STYLE, '', 1)}"


def pdf(figure: Figure) -> bytes:
    """Return a figure as PDF, with the same bytes each time."""
    buffer = io.BytesIO()
    figure.set_dpi(CELL_DPI)
    with mpl.rc_context(RC), _minimal_fonts():
        canvas: Any = FigureCanvasPdf(figure)
        canvas.print_pdf(buffer, metadata={"CreationDate": None, "Creator": None})
    return buffer.getvalue()


@contextmanager
def _minimal_fonts() -> Iterator[None]:
    """Embed only the font tables that PDF viewers read.

    fontTools would subset the other tables (shaping rules, names, ...) to the glyphs of each
    figure, which takes half of the time of a PDF.
    """
    load_font = subset.load_font

    def load_minimal(*arguments: Any, **options: Any) -> Any:
        font = load_font(*arguments, **options)
        for table in set(font.keys()) - _EMBEDDED:
            del font[table]
        return font

    subset.load_font = load_minimal
    try:
        yield
    finally:
        subset.load_font = load_font


def _rounded(attribute: str) -> str:
    """Round the numbers of an SVG attribute to two decimals."""
    return re.sub(r"(\.\d\d)\d+", r"\1", attribute)


def tip(variant: str, text: str) -> str:
    """Return the id of a mark: its variant, and what is shown where the pointer is over it."""
    return f"tip|{variant}|{text}"


def _with_tips(svg: str) -> str:
    """Turn the ids of `tip` into attributes that the script of the page reads."""
    return re.sub(r' id="tip\|([^"|]*)\|([^"]*)"', r' data-variant="\1" data-tip="\2"', svg)


def _with_own_ids(svg: str, name: str) -> str:
    """Remove ids that nothing refers to, and prefix the others with the name of the figure."""
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    svg = re.sub(r' id="([^"]*)"', lambda match: match[0] if match[1] in used else "", svg)
    return re.sub(r'( id="|href="#|url\(#)', rf"\1{name}-", svg)
