"""The command `export`: one table of a study, in the format that the next program reads."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import typer

from cnn_ablate.errors import UserError
from cnn_ablate.store import FRAMES, frames
from cnn_ablate.wording import unknown


def _csv(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False, lineterminator="\n")


def _json(frame: pd.DataFrame, path: Path) -> None:
    frame.to_json(path, orient="records", indent=1)


def _latex(frame: pd.DataFrame, path: Path) -> None:
    frame.to_latex(path, index=False, escape=True, float_format="%.4g", encoding="utf-8")


def _parquet(frame: pd.DataFrame, path: Path) -> None:
    try:
        frame.to_parquet(path, index=False)
    except ImportError:
        hint = "Install it with: pip install 'cnn-ablate[parquet]'"
        raise UserError("--format parquet", "needs the package pyarrow.", hint) from None


FORMATS: Mapping[str, Callable[[pd.DataFrame, Path], None]] = {
    "csv": _csv,
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
        raise UserError(f"--format {style}".rstrip(), *unknown("format", style, FORMATS))
    if wanted.table not in FRAMES:
        raise UserError(f"--table {wanted.table}", *unknown("table", wanted.table, FRAMES))
    frame = frames(results, folder)[wanted.table]
    _publish(wanted.output, lambda draft: FORMATS[style](frame, draft))
    typer.echo(f"{wanted.table}: {wanted.output} ({len(frame):,} rows)")


def _publish(path: Path, write: Callable[[Path], None]) -> None:
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(draft)
        draft.replace(path)
    except OSError as fault:
        raise UserError(str(path), f"cannot be written: {fault.strerror}.") from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
