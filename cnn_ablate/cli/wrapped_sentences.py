"""Print sentences: on a terminal wrapped between words, elsewhere each in one line."""

import sys

from rich.console import Console
from rich.text import Text

from cnn_ablate.text import one_line, wrapped


def line_width(console: Console) -> int:
    """Return the columns of a terminal; no limit in files and pipes, where lines stay whole."""
    return console.width if console.is_terminal else sys.maxsize


def print_sentence(console: Console, text: str, indent: str = "") -> None:
    """Print a text; lines of files and pipes stay whole, so that programs find them."""
    shown = wrapped(one_line(text), line_width(console), indent, "" if indent else "    ")
    console.print(Text(shown), soft_wrap=True)
