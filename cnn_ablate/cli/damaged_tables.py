"""Naming tables of a study that were edited or damaged after they were written."""

from pathlib import Path

import typer

from cnn_ablate.store import damaged_tables
from cnn_ablate.store.table_checksums import REWRITE


def print_damaged_tables(folder: Path) -> None:
    """Print each table in a study's folder that does not match SUMS, on standard error."""
    for path, what in damaged_tables(folder):
        typer.echo(f"{path}: {what} {REWRITE}", err=True)
