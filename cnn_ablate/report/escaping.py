"""Escape text for Markdown and LaTeX, so that a study cannot add markup to its report."""

import html
import re

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
