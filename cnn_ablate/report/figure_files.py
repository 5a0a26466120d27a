"""Write each figure as SVG, PDF and CSV; drawn again only if its data or this program changed."""

import hashlib
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

import matplotlib as mpl
from markupsafe import Markup

from cnn_ablate.report import figure_export
from cnn_ablate.report.figures import FIGURES, FORMER
from cnn_ablate.report.page_content import FigureEntry
from cnn_ablate.store.atomic import replace_file

# Wider drawings, in CSS pixels, have their captions below and not beside them.
BROAD = 820


@dataclass(frozen=True)
class Drawing:
    """A drawn figure for the HTML page: its SVG element, and its data as a URL-encoded CSV."""

    svg: Markup
    broad: bool
    csv: str


def draw(figure: FigureEntry, folder: Path) -> Drawing:
    """Write NAME.svg, NAME.pdf and NAME.csv of a figure, and return its drawing for the page."""
    csv = figure.data.round(6).to_csv(index=False, lineterminator="\n").encode()
    key = hashlib.sha256(_program() + csv).hexdigest()
    svg = _unchanged(folder, figure.name, key)
    if svg is None:
        svg = _export(figure, folder, key)
    replace(folder / f"{figure.name}.csv", csv)
    broad = figure_export.width(svg) > BROAD
    return Drawing(figure_export.labelled(svg, figure.alt), broad, quote(csv, safe=",.;:=+/()[]"))


def _unchanged(folder: Path, name: str, key: str) -> str | None:
    """Return the inline SVG that is already on disk, if it was drawn under this key."""
    path = folder / f"{name}.svg"
    if not (path.is_file() and (folder / f"{name}.pdf").is_file()):
        return None
    return figure_export.read_standalone(path.read_text(encoding="utf-8"), key)


def _export(entry: FigureEntry, folder: Path, key: str) -> str:
    """Draw a figure, write its SVG and PDF, and return its inline SVG."""
    with warnings.catch_warnings():
        # Matplotlib's font lacks some scripts; the fonts of the browser have them.
        warnings.filterwarnings("ignore", "Glyph")
        figure = FIGURES[entry.name].figure(entry.data)
        svg = figure_export.inline_svg(figure, entry.name)
        figure.set_layout_engine("none")  # the PDF reuses the layout that the SVG has computed
        replace(folder / f"{entry.name}.pdf", figure_export.pdf(figure))
    replace(folder / f"{entry.name}.svg", figure_export.standalone(svg, key).encode())
    return svg


def drop_stale(folder: Path, drawn: Iterable[str]) -> None:
    """Remove the figures of an earlier report that were not drawn now."""
    for name in {*FIGURES, *FORMER} - set(drawn):
        for extension in ("svg", "pdf", "csv"):
            (folder / f"{name}.{extension}").unlink(missing_ok=True)


def replace(path: Path, payload: bytes) -> None:
    """Write a file so that readers see either the old or the new one, whole; raises UserError."""
    replace_file(path, payload, path.parent)


@cache
def _program() -> bytes:
    """Return what determines a drawing besides its data: this package, and matplotlib's version."""
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    return mpl.__version__.encode() + b"".join(source.read_bytes() for source in sources)
