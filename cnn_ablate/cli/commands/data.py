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

from cnn_ablate.cli.progress_bars import progress_display
from cnn_ablate.data import DATASETS, DataSet, OnDownload, load
from cnn_ablate.errors import UserError
from cnn_ablate.value_errors import unknown_name


def print_datasets(root: Path | None) -> None:
    """Print every data set and where it is on this machine."""
    for name, entry in DATASETS.items():
        try:
            options = entry()
            source = options.find(root)
            typer.echo(f"{name}: here. {source.note}".rstrip())
        except UserError as absent:
            typer.echo(f"{name}: {absent.what}")


def fetch_dataset(name: str, root: Path | None, mirrors: tuple[str, ...]) -> None:
    """Download a data set and print its folder."""
    options = _options(name)
    with _download_bars() as on_progress:
        folder = options.fetch(root, mirrors=mirrors, progress=on_progress)
    typer.echo(f"{name}: in {folder}")


def verify_dataset(name: str, root: Path | None) -> None:
    """Read all files and cached images of a data set, and print what is there.

    Raises:
        UserError: The data set is not found, or damaged.
    """
    with progress_display() as display:
        images = load(_options(name), root, display.on_decoding)
    facts = images.facts
    typer.echo(
        f"{name}: {facts.train:,} training and {facts.test:,} test images, "
        f"SHA-256 {facts.fingerprint}"
    )


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
