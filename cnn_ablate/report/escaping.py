"""Text from a study into Markdown and LaTeX, as text and nothing else."""

import html
import re

from markupsafe import Markup

from cnn_ablate.report.formats import MINUS

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
    """Write the minus signs of numbers as such."""
    return re.sub(r"(?<![\w.)])-(?=\d)", MINUS, text)


def markdown(value: object) -> object:
    """Escape what Markdown, or the HTML in it, would take for markup; line ends become spaces."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    plain = html.escape(typeset(" ".join(value.split())), quote=False)
    return re.sub(r"([\\`*_{}\[\]~|#$])", r"\\\1", plain)


def latex(value: object) -> object:
    """Escape what TeX would take for a command; line ends become spaces."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    plain = typeset(" ".join(value.split()))
    return "".join(_LATEX.get(sign, sign) for sign in plain)
