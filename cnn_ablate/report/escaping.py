"""Escape text for Markdown, LaTeX and spreadsheets, so that a study cannot add code to them."""

import html
import re

import pandas as pd
from markupsafe import Markup

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
    plain = html.escape(typeset(" ".join(value.split())), quote=False)
    return re.sub(r"([\\`*_{}\[\]~|#$])", r"\\\1", plain)


def latex(value: object) -> object:
    """Escape the characters that are special in LaTeX; line ends become spaces."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    plain = typeset(" ".join(value.split()))
    return "".join(_LATEX.get(character, character) for character in plain)


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
