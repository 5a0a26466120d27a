"""Figures to files, drawn again only where their data or the program has changed."""

import hashlib
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

import matplotlib as mpl
from markupsafe import Markup

from cnn_ablate.report import svg
from cnn_ablate.report.figures import FIGURES
from cnn_ablate.report.summary import Shown
from cnn_ablate.store.atomic import replace_file

# Wider drawings, in pixels, have their captions under them and not beside them.
BROAD = 820


@dataclass(frozen=True)
class Drawing:
    """A drawn figure with its data, to stand in the page."""

    svg: Markup
    broad: bool
    csv: str


def draw(shown: Shown, folder: Path) -> Drawing:
    """Bring a figure to NAME.svg, NAME.pdf and NAME.csv, and give it for the page."""
    csv = shown.data.round(6).to_csv(index=False, lineterminator="\n").encode()
    mark = hashlib.sha256(_program() + csv).hexdigest()
    picture, paper = folder / f"{shown.name}.svg", folder / f"{shown.name}.pdf"
    kept = svg.kept(picture.read_text(encoding="utf-8"), mark) if picture.is_file() else None
    if kept is None or not paper.is_file():
        with warnings.catch_warnings():
            # A script that this font lacks, the browser's has.
            warnings.filterwarnings("ignore", "Glyph")
            figure = FIGURES[shown.name].figure(shown.data)
            kept = svg.inline(figure, shown.name)
            figure.set_layout_engine("none")  # found by now: the PDF takes it over
            replace(paper, svg.pdf(figure))
        replace(picture, svg.alone(kept, mark).encode())
    replace(folder / f"{shown.name}.csv", csv)
    broad = svg.width(kept) > BROAD
    return Drawing(svg.labelled(kept, shown.alt), broad, quote(csv, safe=",.;:=+/()[]"))


def drop_stale(folder: Path, shown: Iterable[str]) -> None:
    """Remove the figures of an earlier report that this one has no data for."""
    for name in FIGURES.keys() - set(shown):
        for ending in ("svg", "pdf", "csv"):
            (folder / f"{name}.{ending}").unlink(missing_ok=True)


def replace(path: Path, payload: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, whole; raises UserError."""
    replace_file(path, payload, path.parent)


@cache
def _program() -> bytes:
    """Identify what draws: the files of this package, and matplotlib."""
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    return mpl.__version__.encode() + b"".join(source.read_bytes() for source in sources)
