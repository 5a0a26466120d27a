"""Render the content of a page as HTML, Markdown or LaTeX, with every value escaped."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from cnn_ablate.report import escaping, formatting
from cnn_ablate.report.ablation_table import AblationTable
from cnn_ablate.report.figure_files import Drawing
from cnn_ablate.report.page_content import PageContent


def html(page: PageContent, drawings: Mapping[str, Drawing]) -> str:
    """Return the self-contained HTML page, with the drawings by figure name."""
    return _html("report.html.j2", page=page, drawings=drawings)


def markdown(page: PageContent) -> str:
    """Return the Markdown page, which links the figures in the folder beside it."""
    return _text("report.md.j2", escaping.markdown, page=page, table=page.table)


def latex(page: PageContent, ablation: str) -> str:
    r"""Return the LaTeX tables, for `\input` in a paper, with that of `ablation_latex`."""
    # The table is LaTeX already.
    values = {"page": page, "ablation": Markup(ablation), "label": _label(page.name)}  # noqa: S704
    return _text("report.tex.j2", escaping.latex, **values, **_LATEX)


def ablation_html(table: AblationTable) -> str:
    """Return the ablation table as an HTML page of its own."""
    return _html("ablation.html.j2", table=table)


def notebook_html(table: AblationTable) -> str:
    """Return the ablation table as part of an HTML page, styled in its elements alone."""
    return _html("notebook.html.j2", table=table)


def ablation_markdown(table: AblationTable) -> str:
    """Return the ablation table in Markdown, below its title."""
    title = escaping.markdown(table.title)
    return f"**{title}**\n\n{_text('ablation.md.j2', escaping.markdown, table=table)}"


def ablation_latex(table: AblationTable, **layout: Any) -> str:
    r"""Return the ablation table in LaTeX, for `\input` in a paper, with a layout."""
    values = {"table": table, "label": _label(table.name), **layout}
    return _text("ablation.tex.j2", escaping.latex, **values, **_LATEX)


_LATEX = {
    "block_start_string": "<%",
    "block_end_string": "%>",
    "variable_start_string": "<<",
    "variable_end_string": ">>",
    "comment_start_string": "<#",
    "comment_end_string": "#>",
}


def breakable(text: str) -> Markup:
    """Return a name as HTML that may break after the characters that join its parts."""
    return Markup("<wbr>").join(
        escape(part) for part in re.split(r"(?<=[=,+.:/])(?=[^\d\s])", text)
    )


def opening(message: str) -> tuple[str, str]:
    """Return the first statement of a message as a sentence, and the rest of it; no code is cut."""
    ends = re.finditer(r"(?<!\bvs)[.:;] ", message)
    end = next((e for e in ends if message.count("`", 0, e.start()) % 2 == 0), None)
    return (f"{message[: end.start()]}.", message[end.end() :]) if end else (message, "")


def _html(name: str, **values: Any) -> str:
    environment = _environment(autoescape=True)
    environment.filters |= {"breakable": breakable, "typeset": escaping.typeset}
    environment.filters |= {"code": escaping.code_html, "opening": opening}
    return environment.get_template(name).render(**values)


def _text(name: str, escaped: Callable[[object], object], **values: Any) -> str:
    """Render a template of which every value passes through `escaped`; delimiters are options."""
    delimiters = {key: values.pop(key) for key in _LATEX if key in values}
    environment = _environment(autoescape=False, finalize=escaped, **delimiters)
    environment.filters["code"] = escaping.code_markdown
    return environment.get_template(name).render(formatting=formatting, **values)


def _label(name: str) -> Markup:
    return Markup(re.sub(r"[^A-Za-z0-9]+", "-", name))  # noqa: S704 - letters and digits


def _environment(**options: Any) -> jinja2.Environment:
    return jinja2.Environment(  # noqa: S701 - each caller sets the escaping of its format
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        **options,
    )
