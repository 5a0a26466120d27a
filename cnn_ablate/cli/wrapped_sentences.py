"""Print sentences: on a terminal wrapped between words, elsewhere each in one line."""

from rich.console import Console
from rich.text import Text

from cnn_ablate.text import wrapped


def print_sentence(console: Console, text: str, indent: str = "") -> None:
    """Print a text; lines of files and pipes stay whole, so that programs find them."""
    shown = indent + text
    if console.is_terminal:
        shown = wrapped(text, console.width, indent, "" if indent else "    ")
    console.print(Text(shown), soft_wrap=True)
