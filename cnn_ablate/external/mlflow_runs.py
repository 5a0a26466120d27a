"""The runs in an MLflow store, an SQLite file: parameters, last metrics and status of each."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from cnn_ablate.errors import UserError
from cnn_ablate.external.run_rows import RunRow

_MAGIC = b"SQLite format 3\0"
_STATUS = {"FINISHED": "done", "FAILED": "failed", "KILLED": "failed"}
_RUNS = """
SELECT run_uuid, name, status, start_time, end_time FROM runs
WHERE lifecycle_stage = 'active' ORDER BY start_time, run_uuid
"""


def is_sqlite(path: Path) -> bool:
    """Return whether a file is an SQLite database."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def read_mlflow(path: Path) -> Iterator[RunRow]:
    """Yield the runs of a store that have ended.

    Raises:
        UserError: it is no store of MLflow.
    """
    try:
        # Read only: another program may be writing to it.
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as store:
            settings = _values(store, "SELECT run_uuid, key, value FROM params")
            metrics = _values(
                store,
                "SELECT run_uuid, key, CASE WHEN is_nan THEN 'nan' ELSE value END "
                "FROM latest_metrics",
            )
            runs = store.execute(_RUNS).fetchall()
    except sqlite3.Error as error:
        raise UserError(str(path), f"is no store of MLflow: {error}.") from None
    for run, name, status, start, end in runs:
        if status not in _STATUS:
            continue
        measured = dict(metrics.get(run, {}))
        if start and end:
            measured.setdefault("seconds", (end - start) / 1000)
        own = {**settings.get(run, {}), "status": _STATUS[status]}
        yield RunRow(name or run, own, measured)


def _values(store: sqlite3.Connection, query: str) -> dict[str, dict[str, Any]]:
    values: dict[str, dict[str, Any]] = {}
    for run, key, value in store.execute(query):
        values.setdefault(run, {})[key] = value
    return values
