"""A figure as SVG that takes the colours of the page around it, and as PDF for a paper."""

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

from cnn_ablate.report.style import ACCENT, INK, RC, WARM

CELL_DPI = 200  # of cells too many to be drawn one by one
_COLOURS = {INK: "currentColor", ACCENT: "var(--accent)", WARM: "var(--warm)"}
# ISO 32000-1, section 9.9, table 126; the first is fontTools' own.
_EMBEDDED = {"GlyphOrder", "CFF ", "cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp"}
_EMBEDDED |= {"prep"}
_ALONE = (
    "<style>svg { color: #1b2027; --accent: #1f5fc4; --warm: #b84a08; "
    "font-family: system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; "
    "stroke-linejoin: round } "
    "@media (prefers-color-scheme: dark) "
    "{ svg { color: #e4e8ed; --accent: #7fb0ff; --warm: #ffa066 } }</style>"
)
# What matplotlib writes and no reader needs: removed one after the other.
_IDLE = (
    r"<metadata>.*?</metadata>",
    r"<!--.*?-->",
    r"<defs>\s*<style.*?</style>\s*</defs>",
    r"; font-family: [^;\"]*(?=[;\"])",
    r' transform="rotate\(-0 [^"]*\)"',
)


def inline(figure: Figure, name: str) -> str:
    """Draw a figure as an SVG element to stand in a page; its ids start with the name."""
    buffer = io.StringIO()
    figure.set_dpi(CELL_DPI)
    with mpl.rc_context({**RC, "svg.hashsalt": name}):
        # The canvas itself, since savefig draws everything twice.
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(buffer, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    for idle in _IDLE:
        svg = re.sub(idle, "", svg, flags=re.DOTALL)
    svg = re.sub(r' (?:d|x|y)="[^"]*"', lambda found: _rounded(found[0]), svg)
    for stand_in, colour in _COLOURS.items():
        svg = svg.replace(stand_in, colour)
    return re.sub(r"\s*\n\s*", "\n", _named(svg, name))


def width(svg: str) -> float:
    """Give the width at which an inline SVG is meant to be seen, in CSS pixels."""
    found = re.search(r'width="([\d.]+)pt"', svg)
    return float(found[1]) * 4 / 3 if found else 0.0


def labelled(svg: str, text: str) -> Markup:
    """Make an inline SVG one image to a screen reader, and keep it from shrinking to nothing."""
    wide = width(svg)
    style = f"width: {wide:.0f}px; min-width: {0.7 * wide:.0f}px"
    about = Markup(' role="img" aria-label="{}" style="{}"').format(text, style)
    return Markup(f"<svg{about}{svg[4:]}")  # noqa: S704 - the text is escaped, the drawing our own


def alone(svg: str, mark: str) -> str:
    """Turn an inline SVG into a file of its own, readable on a light and on a dark page."""
    head, rest = svg.split(">", 1)
    return f'<?xml version="1.0" encoding="utf-8"?>\n<!-- {mark} -->\n{head}>{_ALONE}{rest}'


def kept(file: str, mark: str) -> str | None:
    """Turn a file of `alone` back into the inline SVG, if it bears the mark."""
    head, start, rest = file.partition("<svg")
    return f"{start}{rest.replace(_ALONE, '', 1)}" if f"<!-- {mark} -->" in head else None


def pdf(figure: Figure) -> bytes:
    """Draw a figure as PDF, with the same bytes each time."""
    buffer = io.BytesIO()
    figure.set_dpi(CELL_DPI)
    with mpl.rc_context(RC), _lean_fonts():
        canvas: Any = FigureCanvasPdf(figure)
        canvas.print_pdf(buffer, metadata={"CreationDate": None, "Creator": None})
    return buffer.getvalue()


@contextmanager
def _lean_fonts() -> Iterator[None]:
    """Embed of fonts no more than a PDF reads.

    The rules of shaping, names and the like would have to be cut down to the letters of each
    figure, which takes half of the time of its PDF.
    """
    load = subset.load_font

    def lean(*arguments: Any, **options: Any) -> Any:
        font = load(*arguments, **options)
        for table in set(font.keys()) - _EMBEDDED:
            del font[table]
        return font

    subset.load_font = lean
    try:
        yield
    finally:
        subset.load_font = load


def _rounded(attribute: str) -> str:
    return re.sub(r"(\.\d\d)\d+", r"\1", attribute)


def _named(svg: str, name: str) -> str:
    """Drop ids that nothing refers to, and make the others the figure's own."""
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    svg = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", svg)
    return re.sub(r'( id="|href="#|url\(#)', rf"\1{name}-", svg)
