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

from cnn_ablate.cli.progress_bars import display
from cnn_ablate.data import DATASETS, Arriving, DataSet, load, verified
from cnn_ablate.data.paths import tensors
from cnn_ablate.errors import UserError
from cnn_ablate.messages import unknown_name


def show_data(root: Path | None) -> None:
    """Print every data set, and where it is on this machine."""
    for name, entry in DATASETS.items():
        try:
            options = entry()
            source = options.find(root)
            typer.echo(f"{name}: here. {source.note}".rstrip())
        except UserError as absent:
            typer.echo(f"{name}: {absent.what}")


def fetch(name: str, root: Path | None, mirrors: tuple[str, ...]) -> None:
    """Download a data set and say where it is."""
    options = _options(name)
    with _arrivals() as arriving:
        place = options.fetch(root, mirrors=mirrors, progress=arriving)
    typer.echo(f"{name}: in {place}")


def verify(name: str, root: Path | None) -> None:
    """Compare the images of a data set with their fingerprint."""
    with display() as screen:
        images = load(_options(name), root, screen.decoding)
    if not verified(images):
        hint = f"Remove {tensors()}; it is made again."
        raise UserError(name, "the cached images are not those that were decoded.", hint)
    facts = images.facts
    typer.echo(
        f"{name}: {facts.train:,} training and {facts.test:,} test images, "
        f"SHA-256 {facts.fingerprint}"
    )


@contextmanager
def _arrivals() -> Iterator[Arriving]:
    """Show on standard error how much of each file has arrived."""
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

        def arriving(file: str, here: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=total)
                if not console.is_terminal:
                    console.print(f"Downloading {file}, {total:,} bytes.", markup=False)
            bars.update(tasks[file], completed=here, total=total)

        yield arriving


def _options(name: str) -> DataSet:
    if name not in DATASETS:
        raise UserError(f"data set {name}", *unknown_name("data set", name, DATASETS))
    return DATASETS[name]()
