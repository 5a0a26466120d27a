"""A summary to pages: HTML, Markdown and LaTeX, with every value escaped as its format needs."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from cnn_ablate.report import escaping, formats
from cnn_ablate.report.figure_files import Drawing
from cnn_ablate.report.summary import Summary


def html(summary: Summary, drawings: Mapping[str, Drawing]) -> str:
    """Write the self-contained page, with the drawings by the names of their figures."""
    page = _environment(autoescape=True)
    page.filters |= {"breakable": breakable, "typeset": escaping.typeset}
    return page.get_template("report.html.j2").render(summary=summary, drawings=drawings)


def markdown(summary: Summary) -> str:
    """Write the page that reads well where Markdown is shown; its figures lie beside it."""
    return _text("report.md.j2", escaping.markdown, summary)


def latex(summary: Summary) -> str:
    """Write the tables, ready to be read into a paper."""
    signs = {
        "block_start_string": "<%",
        "block_end_string": "%>",
        "variable_start_string": "<<",
        "variable_end_string": ">>",
        "comment_start_string": "<#",
        "comment_end_string": "#>",
    }
    return _text("report.tex.j2", escaping.latex, summary, **signs)


def breakable(text: str) -> Markup:
    """Let a long name break after the signs that join its parts."""
    return Markup("<wbr>").join(
        escape(part) for part in re.split(r"(?<=[=,+.:/])(?=[^\d\s])", text)
    )


def _text(name: str, escaped: Callable[[object], object], summary: Summary, **signs: str) -> str:
    """Render a template whose every value passes through `escaped`."""
    template = _environment(autoescape=False, finalize=escaped, **signs).get_template(name)
    label = Markup(re.sub(r"[^A-Za-z0-9]+", "-", summary.name))  # noqa: S704 - letters and digits
    return template.render(summary=summary, formats=formats, label=label)


def _environment(**options: Any) -> jinja2.Environment:
    return jinja2.Environment(  # noqa: S701 - the callers say how each format escapes
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        **options,
    )
