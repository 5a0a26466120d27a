"""The command `clean`: what could be removed from the results, and how large it is."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

from cnn_ablate.store import Store
from cnn_ablate.store.cleanup import Leftover, leftovers, remove


def clean(results: Path, *, checkpoints: bool, delete: bool) -> None:
    """Print what no study needs any more, and remove it if told so.

    Raises:
        UserError: a study cannot be read, or a run is under way.
    """
    store = Store(results)
    found = leftovers(store, checkpoints=checkpoints)
    if delete and found:
        found = remove(store, checkpoints=checkpoints)
    for line in _lines(found, results, delete=delete):
        typer.echo(line)


def _lines(found: Sequence[Leftover], results: Path, *, delete: bool) -> Iterator[str]:
    for leftover in found:
        yield f"{_bytes(leftover.size):>9}  {leftover.kind}  {leftover.path}"
    total = _bytes(sum(leftover.size for leftover in found))
    if not found:
        yield f"{results}: nothing to remove."
    elif delete:
        yield f"{total} removed."
    else:
        yield f"{total} in all. Nothing was removed; --delete does it."


def _bytes(size: int) -> str:
    amount = float(size)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
