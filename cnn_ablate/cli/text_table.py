"""Print rows of text as a table; on a narrow terminal cell by cell, so that no number is cut."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

_NARROW = 70


def print_rows(
    console: Console, titles: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 1
) -> None:
    """Print rows under titles; the first `texts` columns are aligned left, the others right."""
    if console.width < _NARROW:
        for row in rows:
            _print_row(console, titles, row)
        return
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for i, title in enumerate(titles):
        is_text = i < texts
        table.add_column(
            title,
            overflow="fold",
            justify="left" if is_text else "right",
            min_width=16 if i == 0 else None,
        )
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def _print_row(console: Console, titles: Sequence[str], row: Sequence[str]) -> None:
    console.print(Text(row[0], "bold"))
    for title, cell in zip(titles[1:], row[1:], strict=True):
        if cell:
            console.print(Text(f"  {title}: {cell}"))
