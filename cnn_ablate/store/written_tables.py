"""The tables of a study as they were written: the rows of trials whose folders are not here.

A study can be kept, committed or sent without the folders of its trials. Numbers are read with all
their digits, so that a table that is written again has the same bytes.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from csv import Error as CsvError
from csv import reader
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd

from cnn_ablate.errors import UserError
from cnn_ablate.schema import ComputeConfig, Metrics, Trial
from cnn_ablate.store.table_checksums import REWRITE, read_table
from cnn_ablate.store.trials import Store
from cnn_ablate.store.upgrade import upgrade_results
from cnn_ablate.text import count

_TABLES = ("epochs", "steps", "classes", "confusion")
# The columns of effects.csv that need the predictions of trials.
_OVER_IMAGES = ("images", "images_low", "images_high", "mcnemar_p")
_TEXTS = {"trial", "variant", "reference", "class", "true", "predicted", "metric"}
# The columns of results.csv that are texts whatever they look like, as levels of factors are.
_ROW_TEXTS = {
    *("study", "profile", "trial", "variant", "status", "precision", "torch", "started", "error"),
    *(n for n, of in ComputeConfig.model_fields.items() if of.annotation not in (int, bool)),
}
# The columns that every version wrote, and for every trainer.
_LEAST = {"trial", "variant", "seed", "status", "device"}
_COUNTS = {n for n, of in Metrics.model_fields.items() if of.annotation in (int, int | None)}

# Variant, reference and metric.
ContrastKey = tuple[str, str, str]


@dataclass(frozen=True)
class WrittenTables:
    """What the tables of a study say of the trials whose folders are not here.

    `rows` are those of results.csv by trial id, `tables` those of the others. `images` has the
    columns of effects.csv that need predictions, of contrasts whose trials are still the same.
    """

    rows: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    images: Mapping[ContrastKey, dict[str, Any]] = field(default_factory=dict)


def read_written(
    folder: Path,
    planned: Sequence[Trial],
    ended: Sequence[Trial],
    done: Sequence[Trial],
    factors: Sequence[str],
) -> WrittenTables:
    """Read what the tables in a folder say of trials that are not here themselves.

    Args:
        folder: The folder of the study.
        planned: All trials of the study.
        ended: Those that have a folder.
        done: Those of them that are done.
        factors: The columns of results.csv that have levels.

    Raises:
        UserError: a table is damaged.
    """
    here, finished = ({trial.id for trial in trials} for trials in (ended, done))
    if len(here) == len(planned) or not (folder / "results.csv").is_file():
        return WrittenTables()
    rows = dict(_result_rows(folder, factors))
    missing = {t.id: rows[t.id] for t in planned if t.id in rows and t.id not in here}
    if not missing:
        return WrittenTables()
    changed = {t.variant for t in ended if (t.id in finished) != _was_done(rows, t)}
    images = {key: row for key, row in _image_columns(folder) if not changed & {*key[:2]}}
    return WrittenTables(missing, _tables(folder, missing), images)


def _tables(folder: Path, trials: Iterable[str]) -> dict[str, pd.DataFrame]:
    tables = {name: _read(folder / f"{name}.csv") for name in _TABLES}
    kept = {name: table for name, table in tables.items() if "trial" in table}
    return {name: table[table["trial"].isin([*trials])] for name, table in kept.items()}


def tables_without_trials(store: Store, study: str) -> UserError | None:
    """Return why a run may not replace the tables of a study: none of their trials is here."""
    folder = store.root / study
    try:
        trials = [trial for trial, _ in _result_rows(folder)]
    except UserError:
        return None
    if not trials or any(store.folder(trial).is_dir() for trial in trials):
        return None
    what = f"has the tables of {count(len(trials), 'trial')} whose folders are not here."
    return UserError(str(folder), what, "--fresh trains them again and replaces the tables.")


def _result_rows(folder: Path, factors: Sequence[str] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
    path = folder / "results.csv"
    table = upgrade_results(_read(path, is_text={*_ROW_TEXTS, *factors}.__contains__))
    if not {*table.columns} >= _LEAST:
        raise _damaged(path)
    for row in table.to_dict("records"):
        yield row["trial"], {str(name): _as_count(str(name), row[name]) for name in row}


def _as_count(name: str, value: Any) -> Any:
    """Return a count as an integer: beside an empty cell pandas reads it as a float."""
    return int(value) if name in _COUNTS and not isnan(value) else value


def _was_done(rows: Mapping[str, dict[str, Any]], trial: Trial) -> bool:
    return trial.id in rows and rows[trial.id]["status"] == "done"


def _image_columns(folder: Path) -> Iterator[tuple[ContrastKey, dict[str, Any]]]:
    """Yield the columns over test images per contrast, of those that have any."""
    table = _read(folder / "effects.csv") if (folder / "effects.csv").is_file() else pd.DataFrame()
    if not {"variant", "reference", "metric", *_OVER_IMAGES} <= {*table.columns}:
        return
    kept = table[table["images"].notna()].astype({"images": int})
    for row in kept.to_dict("records"):
        columns = {name: None if isnan(row[name]) else row[name] for name in _OVER_IMAGES}
        yield (row["variant"], row["reference"], row["metric"]), columns


def _read(path: Path, *, is_text: Callable[[str], bool] = _TEXTS.__contains__) -> pd.DataFrame:
    """Read a table; texts are kept as they are, since a class may be called `01` or `NA`."""
    text = read_table(path.parent, path.name)
    try:
        header = next(reader(io.StringIO(text.decode(), newline="")), [])
        return pd.read_csv(
            io.BytesIO(text),
            dtype={name: str for name in header if is_text(name)},
            na_values={name: [""] for name in header if not is_text(name)},
            keep_default_na=False,
        )
    except (ValueError, CsvError) as fault:
        raise _damaged(path) from fault


def _damaged(path: Path) -> UserError:
    return UserError(str(path), "is damaged, or not there.", REWRITE)
