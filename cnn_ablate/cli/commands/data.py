"""The commands `data list`, `data fetch` and `data verify`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.json_values import FoundDataSet
from cnn_ablate.cli.progress_bars import progress_display
from cnn_ablate.cli.wrapped_sentences import print_sentence
from cnn_ablate.data import DATASETS, DataSet, OnDownload, load
from cnn_ablate.errors import UserError
from cnn_ablate.value_errors import unknown_name


def print_datasets(root: Path | None, *, as_json: bool) -> None:
    """Print every data set and where it is on this machine."""
    found = []
    for name, entry in DATASETS.items():
        try:
            about = f"here. {entry().find(root).note}".rstrip()
            found.append(FoundDataSet(name=name, is_here=True, about=about))
        except UserError as absent:
            found.append(FoundDataSet(name=name, is_here=False, about=absent.what))
    if as_json:
        print_json(found)
        return
    console = Console(highlight=False)
    for each in found:
        print_sentence(console, f"{each.name}: {each.about}")


def fetch_dataset(name: str, root: Path | None, mirrors: tuple[str, ...], *, as_json: bool) -> None:
    """Download a data set and print its folder."""
    options = _options(name)
    with _download_bars() as on_progress:
        folder = options.fetch(root, mirrors=mirrors, progress=on_progress)
    _print(FoundDataSet(name=name, is_here=True, about=f"in {folder}"), as_json=as_json)


def _print(found: FoundDataSet, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        typer.echo(f"{found.name}: {found.about}")


def verify_dataset(name: str, root: Path | None, *, as_json: bool) -> None:
    """Read all files and cached images of a data set, and print what is there.

    Raises:
        UserError: The data set is not found, or damaged.
    """
    with progress_display() as display:
        images = load(_options(name), root, display.on_decoding)
    facts = images.facts
    counts = f"{facts.train:,} training and {facts.test:,} test images"
    about = f"{counts}, SHA-256 {facts.fingerprint}"
    _print(FoundDataSet(name=name, is_here=True, about=about), as_json=as_json)


@contextmanager
def _download_bars() -> Iterator[OnDownload]:
    """Show the progress of each file on standard error."""
    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks = {}

        def on_progress(file: str, received: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=total)
                if not console.is_terminal:
                    console.print(f"Downloading {file}, {total:,} bytes.", markup=False)
            bars.update(tasks[file], completed=received, total=total)

        yield on_progress


def _options(name: str) -> DataSet:
    if name not in DATASETS:
        raise UserError(f"data set {name}", *unknown_name("data set", name, DATASETS))
    return DATASETS[name]()
