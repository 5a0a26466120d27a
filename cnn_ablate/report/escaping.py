"""Escape text for Markdown, LaTeX and spreadsheets, so that a study cannot add code to them."""

import html
import re
from collections.abc import Callable

import pandas as pd
from markupsafe import Markup, escape

from cnn_ablate.report.formatting import MINUS

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    MINUS: "$-$",
    "\N{HORIZONTAL ELLIPSIS}": r"\ldots{}",
    "\N{RIGHTWARDS ARROW}": r"$\rightarrow$",
    "\N{EN DASH}": "--",
}


def typeset(text: str) -> str:
    """Replace the hyphens before numbers by minus signs."""
    return re.sub(r"(?<![\w.)])-(?=\d)", MINUS, text)


def markdown(value: object) -> object:
    """Escape the characters that are markup in Markdown or HTML; line ends become spaces."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _markdown(" ".join(value.split()))


def _markdown(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]~|#$])", r"\\\1", html.escape(typeset(text), quote=False))


def latex(value: object) -> object:
    """Escape the characters that are special in LaTeX; line ends become spaces."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    plain = typeset(" ".join(value.split()))
    return "".join(_LATEX.get(character, character) for character in plain)


def code_html(text: str) -> Markup:
    """Return text as HTML, with the parts between backticks as code."""
    return _with_code(text, escape, lambda part: f"<code>{escape(part)}</code>")


def code_markdown(text: str) -> Markup:
    """Return text as Markdown, with the parts between backticks as code."""
    return _with_code(" ".join(text.split()), _markdown, lambda part: f"`{part}`")


def _with_code(text: str, escaped: Callable[[str], object], code: Callable[[str], str]) -> Markup:
    parts = re.split("`([^`]+)`", text)
    shown = (code(part) if i % 2 else str(escaped(part)) for i, part in enumerate(parts))
    return Markup("".join(shown))  # noqa: S704 - every part was escaped


def spreadsheet(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts no spreadsheet runs as formulas: an apostrophe is put before.

    Formulas start with one of `= + - @`, a tab or a carriage return; numbers stay as they are.
    """
    texts = frame.select_dtypes(["object", "string"])
    return frame.assign(**{str(name): column.map(_inert) for name, column in texts.items()})


def _inert(cell: object) -> object:
    if not isinstance(cell, str) or not cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return cell
    return cell if re.fullmatch(r"[+-]?[\d.]+(e[+-]?\d+)?", cell) else f"'{cell}"
