"""A summary to files: the HTML page, the Markdown page, LaTeX tables, and the figures."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from cnn_ablate.report import escape, svg
from cnn_ablate.report.figures import FIGURES
from cnn_ablate.report.summary import Shown, Summary, summarise
from cnn_ablate.store import Results

_TEMPLATES = jinja2.FileSystemLoader(Path(__file__).parent / "templates")


@dataclass(frozen=True)
class Drawn:
    """A figure with its drawing, as templates see it."""

    about: Shown
    svg: Markup
    csv: str


def write(results: Results, reports_root: Path, *, latex: bool = False) -> Path:
    """Write the report of a study and give the path of its HTML page."""
    folder = reports_root / results.record.study.folder
    return render(summarise(results), folder, latex=latex)


def render(summary: Summary, folder: Path, *, latex: bool = False) -> Path:
    """Write a summary as pages and figures into a folder, and give the path of the HTML page."""
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    drawn = [_draw(shown, folder / "figures") for shown in summary.figures]
    page = folder / "report.html"
    _replace(page, _html(summary, drawn))
    _replace(folder / "report.md", _text("report.md.j2", escape.markdown, summary))
    if latex:
        _replace(folder / "report.tex", _text("report.tex.j2", escape.latex, summary))
    return page


def _draw(shown: Shown, folder: Path) -> Drawn:
    figure = FIGURES[shown.name].figure(shown.data)
    drawing = svg.inline(figure, shown.name)
    figure.set_layout_engine("none")  # found by now: the PDF takes it over
    csv = _csv(shown.data)
    _replace(folder / f"{shown.name}.svg", svg.alone(drawing).encode())
    _replace(folder / f"{shown.name}.pdf", svg.pdf(figure))
    _replace(folder / f"{shown.name}.csv", csv)
    return Drawn(shown, svg.labelled(drawing, shown.alt), base64.b64encode(csv).decode())


def _csv(data: pd.DataFrame) -> bytes:
    return data.round(6).to_csv(index=False, lineterminator="\n").encode()


def _html(summary: Summary, figures: list[Drawn]) -> bytes:
    sections: dict[str, list[Drawn]] = {}
    for drawn in figures:
        sections.setdefault(drawn.about.section, []).append(drawn)
    sections.pop("Effects", None)
    page = _page(autoescape=True).get_template("report.html.j2")
    return page.render(summary=summary, figures=figures, sections=list(sections.items())).encode()


def _text(name: str, escaped: Callable[[object], object], summary: Summary) -> bytes:
    """Render a template whose every value passes through `escaped`."""
    page = _page(autoescape=False, finalize=escaped)
    return page.get_template(name).render(summary=summary).encode()


def _page(**options: Any) -> jinja2.Environment:
    return jinja2.Environment(
        loader=_TEMPLATES,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        **options,
    )


def _replace(path: Path, payload: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, whole."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(payload)
    draft.replace(path)
