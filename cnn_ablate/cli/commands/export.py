"""The command `export`: write one table of a study as CSV, JSON, LaTeX or Parquet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pandas as pd
import typer

from cnn_ablate.analysis import FRAMES, analyse, frames
from cnn_ablate.cli.damaged_tables import print_damaged_tables
from cnn_ablate.errors import UserError
from cnn_ablate.store import atomic, read
from cnn_ablate.store.trial_files import as_csv
from cnn_ablate.value_errors import unknown_name


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
    "csv": as_csv,
    "json": _json,
    "latex": _latex,
    "parquet": _parquet,
}
# File extensions that differ from the name of their format.
_EXTENSIONS = {"tex": "latex"}


@dataclass(frozen=True)
class ExportOptions:
    """Which table to write, in which format (by default that of the file extension), and where."""

    table: str
    style: str
    output: Path


def export_table(results: Path, folder: str, options: ExportOptions) -> None:
    """Write a table of a study and print its path.

    Raises:
        UserError: There is no such study, table or format, or the file cannot be written.
    """
    extension = options.output.suffix.removeprefix(".")
    style = options.style or _EXTENSIONS.get(extension, extension)
    if style not in FORMATS:
        raise UserError(f"--format {style}".rstrip(), *unknown_name("format", style, FORMATS))
    if options.table not in FRAMES:
        raise UserError(f"--table {options.table}", *unknown_name("table", options.table, FRAMES))
    print_damaged_tables(results / folder)
    frame = frames(analyse(read(results, folder)))[options.table]
    atomic.replace_file(options.output, FORMATS[style](frame), options.output.parent)
    typer.echo(f"{options.table}: {options.output} ({len(frame):,} rows)")
