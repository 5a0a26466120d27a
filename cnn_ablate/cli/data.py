"""The commands `data list`, `data fetch` and `data verify`."""

from pathlib import Path

import typer

from cnn_ablate.cli.display import display
from cnn_ablate.data import DATASETS, DataSet, load, verified
from cnn_ablate.errors import UserError
from cnn_ablate.wording import unknown


def show_data(root: Path | None) -> None:
    """Print every data set, and where it is on this machine."""
    for name, entry in DATASETS.items():
        try:
            options = entry()
            source = options.find(root)
            typer.echo(f"{name}: here. {source.note}".rstrip())
        except UserError as absent:
            typer.echo(f"{name}: {absent.what}")


def fetch(name: str, root: Path | None) -> None:
    """Download a data set and say where it is."""
    typer.echo(f"{name}: in {_options(name).fetch(root)}")


def verify(name: str, root: Path | None) -> None:
    """Compare the images of a data set with their fingerprint."""
    with display() as screen:
        images = load(_options(name), root, screen.decoding)
    if not verified(images):
        raise UserError(name, "the cached images are not those that were decoded.", "Remove it.")
    facts = images.facts
    typer.echo(
        f"{name}: {facts.train:,} training and {facts.test:,} test images, "
        f"SHA-256 {facts.fingerprint}"
    )


def _options(name: str) -> DataSet:
    if name not in DATASETS:
        raise UserError(f"data set {name}", *unknown("data set", name, DATASETS))
    return DATASETS[name]()
