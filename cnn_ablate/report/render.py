"""A report to files: pages, figures and their data, each replaced whole."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from cnn_ablate.report import figure_files, pages
from cnn_ablate.report.summary import Summary, summarise
from cnn_ablate.store import Results


def write(
    results: Results, reports_root: Path, *, latex: bool = False, pictures: bool = True
) -> Path:
    """Write the report of a study, with or without test images, and give the path of its page."""
    results = results if pictures else replace(results, samples=None)
    folder = reports_root / results.record.study.folder
    return render(summarise(results), folder, latex=latex)


def render(summary: Summary, folder: Path, *, latex: bool = False) -> Path:
    """Write a summary as pages and figures into a folder, and give the path of the HTML page."""
    figures = folder / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    with _uncollected():
        drawings = {shown.name: figure_files.draw(shown, figures) for shown in summary.figures}
    figure_files.drop_stale(figures, drawings)
    figure_files.replace(folder / "report.md", pages.markdown(summary).encode())
    if latex:
        figure_files.replace(folder / "report.tex", pages.latex(summary).encode())
    page = folder / "report.html"
    figure_files.replace(page, pages.html(summary, drawings).encode())
    return page


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the garbage collector, which takes a sixth of the time of drawing and frees 70 MB."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
