"""A report to files: pages, figures and their data, each replaced whole."""

import base64
from pathlib import Path

from cnn_ablate.report import pages, svg
from cnn_ablate.report.figures import FIGURES
from cnn_ablate.report.pages import Drawing
from cnn_ablate.report.summary import Shown, Summary, summarise
from cnn_ablate.store import Results

# Wider drawings, in pixels, have their captions under them and not beside them.
BROAD = 820


def write(results: Results, reports_root: Path, *, latex: bool = False) -> Path:
    """Write the report of a study and give the path of its HTML page."""
    folder = reports_root / results.record.study.folder
    return render(summarise(results), folder, latex=latex)


def render(summary: Summary, folder: Path, *, latex: bool = False) -> Path:
    """Write a summary as pages and figures into a folder, and give the path of the HTML page."""
    figures = folder / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    drawings = {shown.name: _draw(shown, figures) for shown in summary.figures}
    _drop_stale(figures, set(drawings))
    _replace(folder / "report.md", pages.markdown(summary).encode())
    if latex:
        _replace(folder / "report.tex", pages.latex(summary).encode())
    page = folder / "report.html"
    _replace(page, pages.html(summary, drawings).encode())
    return page


def _draw(shown: Shown, folder: Path) -> Drawing:
    figure = FIGURES[shown.name].figure(shown.data)
    drawing = svg.inline(figure, shown.name)
    figure.set_layout_engine("none")  # found by now: the PDF takes it over
    csv = shown.data.round(6).to_csv(index=False, lineterminator="\n").encode()
    _replace(folder / f"{shown.name}.svg", svg.alone(drawing).encode())
    _replace(folder / f"{shown.name}.pdf", svg.pdf(figure))
    _replace(folder / f"{shown.name}.csv", csv)
    return Drawing(
        svg=svg.labelled(drawing, shown.alt),
        broad=svg.width(drawing) > BROAD,
        csv=base64.b64encode(csv).decode(),
    )


def _drop_stale(folder: Path, shown: set[str]) -> None:
    """Remove the figures of an earlier report that this one has no data for."""
    for name in FIGURES.keys() - shown:
        for ending in ("svg", "pdf", "csv"):
            (folder / f"{name}.{ending}").unlink(missing_ok=True)


def _replace(path: Path, payload: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, whole."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(payload)
    draft.replace(path)
