"""The command `clean`: list or remove files that no study uses any more, with their sizes."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.json_values import UnneededFile, UnneededFiles
from cnn_ablate.store import Store
from cnn_ablate.store.cleanup import Leftover, leftovers, remove_leftovers


def clean_results(results: Path, *, checkpoints: bool, delete: bool, as_json: bool) -> None:
    """Print the files that no study uses any more, and remove them if `delete`.

    Raises:
        UserError: A study cannot be read, or a run is active.
    """
    store = Store(results)
    files = leftovers(store, checkpoints=checkpoints)
    if delete and files:
        files = remove_leftovers(store, checkpoints=checkpoints)
    _print(files, results, delete=delete, as_json=as_json)


def clean_cache(*, delete: bool, as_json: bool) -> None:
    """Print the compiled programs of this machine, and remove them if `delete`."""
    from cnn_ablate.train.program_cache import ProgramCache

    cache = ProgramCache()
    files = [
        Leftover("compiled program", path, sum(f.lstat().st_size for f in path.iterdir()))
        for path in cache.entries()
    ]
    for leftover in files if delete else ():
        shutil.rmtree(leftover.path)
    _print(files, cache.folder, delete=delete, as_json=as_json)


def _print(files: Sequence[Leftover], folder: Path, *, delete: bool, as_json: bool) -> None:
    if as_json:
        rows = (UnneededFile(kind=f.kind, path=str(f.path), size=f.size) for f in files)
        print_json(UnneededFiles(files=tuple(rows), removed=delete))
        return
    for line in _lines(files, folder, delete=delete):
        typer.echo(line)


def _lines(files: Sequence[Leftover], results: Path, *, delete: bool) -> Iterator[str]:
    for leftover in files:
        yield f"{_bytes(leftover.size):>9}  {leftover.kind}  {leftover.path}"
    total = _bytes(sum(leftover.size for leftover in files))
    if not files:
        yield f"{results}: nothing to remove."
    elif delete:
        yield f"{total} removed."
    else:
        yield f"{total} in total. Nothing was removed; use --delete to remove it."


def _bytes(size: int) -> str:
    amount = float(size)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
