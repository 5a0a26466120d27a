"""The command `export`: one table of a study, in the format that the next program reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pandas as pd
import typer

from cnn_ablate.errors import UserError
from cnn_ablate.messages import unknown_name
from cnn_ablate.store import FRAMES, atomic, frames
from cnn_ablate.store.trials import csv


def _json(frame: pd.DataFrame) -> bytes:
    return frame.to_json(orient="records", indent=1).encode()


def _latex(frame: pd.DataFrame) -> bytes:
    return frame.to_latex(index=False, escape=True, float_format="%.4g").encode()


def _parquet(frame: pd.DataFrame) -> bytes:
    file = BytesIO()
    try:
        frame.to_parquet(file, index=False)
    except ImportError:
        hint = "Install it with: pip install 'cnn-ablate[parquet]'"
        raise UserError("--format parquet", "needs the package pyarrow.", hint) from None
    return file.getvalue()


FORMATS: Mapping[str, Callable[[pd.DataFrame], bytes]] = {
    "csv": csv,
    "json": _json,
    "latex": _latex,
    "parquet": _parquet,
}
# Endings of files that are not called as their format.
_ENDINGS = {"tex": "latex"}


@dataclass(frozen=True)
class Wanted:
    """Which table to write, in which format (that of the file's ending, unless said), and where."""

    table: str
    style: str
    output: Path


def export(results: Path, folder: str, wanted: Wanted) -> None:
    """Write a table of a study and say where it is.

    Raises:
        UserError: there is no such study, table or format, or the file cannot be written.
    """
    ending = wanted.output.suffix.removeprefix(".")
    style = wanted.style or _ENDINGS.get(ending, ending)
    if style not in FORMATS:
        raise UserError(f"--format {style}".rstrip(), *unknown_name("format", style, FORMATS))
    if wanted.table not in FRAMES:
        raise UserError(f"--table {wanted.table}", *unknown_name("table", wanted.table, FRAMES))
    frame = frames(results, folder)[wanted.table]
    atomic.replace_file(wanted.output, FORMATS[style](frame), wanted.output.parent)
    typer.echo(f"{wanted.table}: {wanted.output} ({len(frame):,} rows)")
