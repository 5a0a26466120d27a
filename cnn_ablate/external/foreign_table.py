"""Tables of results that were trained elsewhere: one row per trial, from several kinds of files."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from cnn_ablate.errors import UserError
from cnn_ablate.external.hydra_runs import is_multirun, read_multirun
from cnn_ablate.external.mlflow_runs import is_sqlite, read_mlflow
from cnn_ablate.external.run_rows import RunRow, flattened

_SEPARATORS = ",;\t"
_SNIFFED = 1 << 16


@dataclass(frozen=True)
class ForeignTable:
    """A table with one row per trial.

    Attributes:
        name: Of the file.
        frame: All cells as texts; an empty text where there is none.
        places: Returns the place of a row, by its number from 0: `runs.csv, line 2`.
        metrics: The columns that are metrics; None if the file does not tell.
    """

    name: str
    frame: pd.DataFrame
    places: Callable[[int], str]
    metrics: frozenset[str] | None = None


def read_table(path: Path) -> ForeignTable:
    """Read a CSV, Parquet or JSON lines file, a Hydra multirun folder, or an MLflow store.

    Raises:
        UserError: it cannot be read, or has no rows.
    """
    try:
        table = _read(path)
    except FileNotFoundError:
        raise UserError(str(path), "no such file.") from None
    except OSError as error:
        raise UserError(str(path), f"cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        raise UserError(str(path), f"not a text file: byte {error.start} is not UTF-8.") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error, ValueError) as error:
        raise UserError(str(path), f"cannot be read: {str(error).strip().rstrip('.')}.") from None
    if table.frame.empty:
        raise UserError(str(path), "has no rows.")
    return table


def _read(path: Path) -> ForeignTable:
    if path.is_dir():
        if not is_multirun(path):
            what = "holds no run of Hydra: a folder with .hydra/config.yaml in each run."
            raise UserError(str(path), what)
        return _of_runs(path, read_multirun(path))
    if is_sqlite(path):
        return _of_runs(path, read_mlflow(path))
    if path.suffix == ".parquet":
        return ForeignTable(path.name, _parquet(path), partial(_row, path.name))
    if path.suffix in {".jsonl", ".ndjson", ".json"}:
        return ForeignTable(path.name, _json_lines(path), partial(_line, path.name, 1))
    return ForeignTable(path.name, _csv(path), partial(_line, path.name, 2))


def _line(name: str, first: int, number: int) -> str:
    return f"{name}, line {number + first}"


def _row(name: str, number: int) -> str:
    return f"{name}, row {number + 1}"


def _csv(path: Path) -> pd.DataFrame:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = file.readline(_SNIFFED)
    separator = max(_SEPARATORS, key=header.count)
    names = next(csv.reader([header], delimiter=separator), [])
    if twice := {name for name in names if names.count(name) > 1}:
        raise UserError(str(path), f"two columns are called '{min(twice)}'.")
    frame = pd.read_csv(
        path,
        sep=separator,
        dtype=str,
        keep_default_na=False,
        encoding="utf-8-sig",
        index_col=False,
        skipinitialspace=True,
    )
    frame.columns = [str(name).strip() for name in frame.columns]
    # A file with semicolons is one whose decimals have commas.
    return frame.replace(r"^(-?\d+),(\d+)$", r"\1.\2", regex=True) if separator == ";" else frame


def _parquet(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path)
    except ImportError:
        hint = "Install it with `pip install 'cnn-ablate[parquet]'`."
        raise UserError(str(path), "takes the package pyarrow.", hint) from None
    return frame.map(as_text).rename(columns=str)


def _json_lines(path: Path) -> pd.DataFrame:
    text = path.read_text(encoding="utf-8-sig")
    if text.lstrip().startswith("["):
        rows = json.loads(text)
    else:
        rows = [_parsed(path, i, line) for i, line in enumerate(text.splitlines())]
    if not all(isinstance(row, dict) for row in rows):
        raise UserError(str(path), "expected one mapping of names to values per line.")
    return _frame([flattened(row) for row in rows])


def _parsed(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise UserError(_line(path.name, 1, number), f"not JSON: {error}.") from None


def _of_runs(path: Path, runs: Iterator[RunRow]) -> ForeignTable:
    rows = list(runs)
    metrics = frozenset(name for row in rows for name in row.metrics)
    frame = _frame([{**row.settings, **row.metrics} for row in rows])
    return ForeignTable(path.name, frame, lambda i: f"{path.name}, run {rows[i].name}", metrics)


def _frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        [{name: as_text(cell) for name, cell in row.items()} for row in rows]
    ).fillna("")


def as_text(value: Any) -> str:
    """Return a cell as text: numbers with all their digits, others as JSON has them."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value != value:  # noqa: PLR0124 - NaN alone is unequal to itself
        return "nan"
    if isinstance(value, bool | list | dict):
        return json.dumps(value)
    return "" if value is None else str(value)
