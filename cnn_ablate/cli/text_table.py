"""Print rows of text as a table; where its words do not fit, cell by cell, so that none is cut.

In files and pipes each row is one line, however long, so that programs find it.
"""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnn_ablate.text import one_line

# Blanks between two columns.
_GAP = 1


def print_rows(
    console: Console, titles: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 1
) -> None:
    """Print rows under titles; the first `texts` columns are aligned left, the others right."""
    table_rows = [tuple(map(one_line, row)) for row in rows]
    if not console.is_terminal:
        for line in _lines([titles, *table_rows], texts):
            console.print(Text(line), soft_wrap=True)
        return
    if _least_width(titles, table_rows, texts) > console.width:
        for row in table_rows:
            _print_row(console, titles, row)
        return
    table = Table(box=None, pad_edge=False, padding=(0, _GAP), header_style="bold", show_edge=False)
    for i, title in enumerate(titles):
        is_text = i < texts
        # Only texts are wrapped, between words.
        table.add_column(title, justify="left" if is_text else "right", no_wrap=not is_text)
    for row in table_rows:
        table.add_row(*map(Text, row))
    console.print(table)


def _lines(rows: Sequence[Sequence[str]], texts: int) -> Iterator[str]:
    """Yield each row with its cells in columns, without blanks at its end."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        padded = (
            cell.ljust(width) if i < texts else cell.rjust(width)
            for i, (cell, width) in enumerate(cells)
        )
        yield (" " * 2 * _GAP).join(padded).rstrip()


def _least_width(titles: Sequence[str], rows: Sequence[Sequence[str]], texts: int) -> int:
    """Return the columns of a terminal below which a word or a number would be broken."""
    widths = [
        max(len(word) for cell in (title, *cells) for word in _unbroken(cell, is_text=i < texts))
        for i, (title, *cells) in enumerate(zip(titles, *rows, strict=True))
    ]
    return sum(widths) + 2 * _GAP * (len(widths) - 1)


def _unbroken(cell: str, *, is_text: bool) -> Sequence[str]:
    return (cell.split() if is_text else None) or [cell]


def _print_row(console: Console, titles: Sequence[str], row: Sequence[str]) -> None:
    """Print the first cell, and below it the others with their titles, as many in a line as fit."""
    console.print(Text(row[0], "bold"))
    line = ""
    for title, cell in zip(titles[1:], row[1:], strict=True):
        part = f"  {title}: {cell}" if cell else ""
        if line and len(line + part) > console.width:
            console.print(Text(line))
            line = ""
        line += part
    if line:
        console.print(Text(line))
