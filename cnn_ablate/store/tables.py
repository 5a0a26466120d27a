"""The tidy tables of a study, rebuilt from the folders of its trials."""

from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn_ablate.errors import UserError
from cnn_ablate.metrics import ImagePredictions, predicted_metrics
from cnn_ablate.schema import (
    ComputeConfig,
    Metrics,
    Record,
    Study,
    Trial,
    TrialResult,
    label,
    value_at,
)
from cnn_ablate.store import atomic
from cnn_ablate.store.study_files import (
    TrainingImages,
    read_record,
    read_samples,
    read_training_images,
    write_record,
)
from cnn_ablate.store.table_checksums import SUMS, damaged_tables, sums
from cnn_ablate.store.trial_files import as_csv
from cnn_ablate.store.trial_tables import (
    Predictions,
    computed_metrics,
    concatenate,
    confusion_table,
    in_order,
    read_predictions,
    read_probabilities,
)
from cnn_ablate.store.trials import Store
from cnn_ablate.store.written_tables import WrittenTables, read_written


@dataclass(frozen=True)
class Results:
    """A study as it was run: its record and its tidy tables, and the folder of these.

    `trials` is results.csv; `epochs`, `steps`, `classes` and `confusion` have `trial`, `variant`
    and `seed` before their own columns. `samples` are the first test images (n, channels,
    height, width) in the order of every trial's predictions, if any were kept, and
    `training_images` some that the baseline learns from. `written` has the
    rows of trials whose folders are not here.
    """

    record: Record
    trials: pd.DataFrame
    epochs: pd.DataFrame
    steps: pd.DataFrame
    classes: pd.DataFrame
    confusion: pd.DataFrame
    store: Store
    folder: Path
    samples: NDArray[np.uint8] | None = None
    training_images: TrainingImages | None = None
    predicted: Mapping[str, Predictions] = field(default_factory=dict, repr=False)
    written: WrittenTables = field(default_factory=WrittenTables, repr=False)

    def predictions(self, trial: str) -> Predictions | None:
        """Return the predictions of a trial, by its id; None unless it is done and here."""
        return self.predicted.get(trial)

    def probabilities(self, trial: str) -> ImagePredictions | None:
        """Read the predictions of a trial with all probabilities; None unless done and here."""
        folder = self.store.open(trial) if trial in self.predicted else None
        return read_probabilities(folder) if folder else None

    @property
    def is_written(self) -> bool:
        """Whether results.csv on disk contains just these trials."""
        path = self.folder / "results.csv"
        return path.is_file() and path.read_bytes() == as_csv(self.trials)


def write_study(store: Store, record: Record) -> Results:
    """Rebuild the tables of a study and write them with its record.

    Trials without folders keep the rows that they have. The caller writes the tables that are
    computed from these, and then `seal`s all.
    """
    results = collect(store, record, skip_damaged=True)
    folder = results.folder
    with atomic.as_user_error(folder, atomic.KEPT):
        (folder / SUMS).unlink(missing_ok=True)
    for name in ("epochs", "steps", "classes", "confusion"):
        write_table(results, name, getattr(results, name))
    write_table(results, "results", results.trials)
    write_record(store, results.record)
    return results


def move_damaged_tables(store: Store, study: str) -> None:
    """Move the tables and sample images of a study that do not match SUMS to `damaged/`."""
    for path, _ in [*damaged_tables(store.root / study)]:
        if path.exists():
            store.move_aside(path, f"{study}-{path.name}")


def write_table(results: Results, name: str, frame: pd.DataFrame) -> None:
    """Write one more table of a study, for instance `effects`."""
    results.store.replace(results.folder / f"{name}.csv", as_csv(frame))


def seal(results: Results) -> None:
    """Write SUMS, which says that all tables of a study are there, and how they were written."""
    results.store.replace(results.folder / SUMS, sums(results.folder))


def read(root: Path, folder: str, *, is_copy: bool = False) -> Results:
    """Read a study that was run: its record, and its tables rebuilt from the trials.

    Trials whose folders are not here have the rows that the tables in the study's folder have.
    A copy may be in a folder of any name: what is read is only looked at.

    Raises:
        UserError: nothing of that name was run, or its record, a trial or a table is damaged.
    """
    record, place = read_record(root, folder, is_copy=is_copy), root / folder
    # The trials beside a copy are those of the original, and may be newer.
    return collect(Store(root if record.study.folder == folder else place), record, place)


def collect(
    store: Store, record: Record, place: Path | None = None, *, skip_damaged: bool = False
) -> Results:
    """Return a study, perhaps while it runs, with the trials of it that are stored by now."""
    place = place or store.root / record.study.folder
    planned = record.plan.trials
    opened = []
    for trial in planned:
        with suppress(UserError) if skip_damaged else nullcontext():
            if folder := store.open(trial):
                opened.append((trial, folder))
    results = {trial.id: folder.result for trial, folder in opened}
    whole = [(trial, folder) for trial, folder in opened if folder.result.status == "done"]
    ended, done = ([trial for trial, _ in some] for some in (opened, whole))
    written = WrittenTables()
    with suppress(UserError) if skip_damaged else nullcontext():
        readable = [trial for trial in planned if not store.was_damaged(trial)]
        written = read_written(place, readable, ended, done, factor_columns(record.study))
    # A command need not write predictions, and a table that is imported has none.
    predicted = [(trial, folder) for trial, folder in whole if folder.has_predictions]
    predictions = {trial.id: read_predictions(folder) for trial, folder in predicted}
    names = predicted_metrics(record.study)
    computed = {trial.id: computed_metrics(folder, names) for trial, folder in predicted}
    rows = [computed.get(row["trial"], {}) | row for row in _rows(record, results, written)]
    classes = concatenate(predicted, "classes.csv")
    tables = {
        "epochs": concatenate(opened, "epochs.csv"),
        "steps": concatenate(opened, "steps.csv"),
        "classes": classes,
        "confusion": confusion_table(predictions, [trial for trial, _ in predicted], classes),
    }
    return Results(
        record=record.model_copy(update={"compute": _most_common_compute(record, rows)}),
        trials=_frame(rows, _columns(record, rows)),
        **{name: _merged(table, name, written, record) for name, table in tables.items()},
        store=store,
        folder=place,
        samples=read_samples(place),
        training_images=read_training_images(place),
        predicted=predictions,
        written=written,
    )


def _frame(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    """Return rows as a frame, in which a metric that no trial has is a column of NaN."""
    frame = pd.DataFrame(rows, columns=columns)
    empty = [name for name in Metrics.model_fields if len(frame) and frame[name].isna().all()]
    return frame.astype(dict.fromkeys(empty, float))


def _rows(
    record: Record, results: Mapping[str, TrialResult], written: WrittenTables
) -> list[dict[str, Any]]:
    """Return the rows of results.csv: of a trial's folder, or else as they were written."""
    levels = {variant.name: variant.levels for variant in record.plan.variants}
    rows = []
    for trial in record.plan.trials:
        if result := results.get(trial.id):
            rows.append(_row(record, levels[trial.variant], trial, result))
        elif trial.id in written.rows:
            # The study may have factors by now that it had not when the row was written.
            rows.append(written.rows[trial.id] | _levels(record, levels[trial.variant], trial))
    return rows


def _merged(
    from_folders: pd.DataFrame, name: str, written: WrittenTables, record: Record
) -> pd.DataFrame:
    """Return a table with the rows of folders and those that were written, in order of the plan."""
    kept = written.tables.get(name, pd.DataFrame())
    if kept.empty:
        return kept if from_folders.columns.empty else from_folders
    if from_folders.empty:
        return kept.reset_index(drop=True)
    return in_order(pd.concat([from_folders, kept]), record.plan.trials)


def _most_common_compute(record: Record, rows: list[dict[str, Any]]) -> ComputeConfig:
    """Return the compute settings of most trials; each trial's own are in its row."""
    names = compute_columns(record.study)
    most_common = Counter(tuple(row[name] for name in names) for row in rows).most_common(1)
    if not most_common:
        return record.compute
    return ComputeConfig(**dict(zip(names, most_common[0][0], strict=True)))


def compute_columns(study: Study) -> list[str]:
    """Return the columns of compute settings: of a command, only those that it is given."""
    return ["device", "backend"] if study.trainer else list(ComputeConfig.model_fields)


def factor_columns(study: Study) -> list[str]:
    """Return the columns that distinguish variants: factors, and the dotted keys they change."""
    keys: dict[str, None] = {}
    for factor in study.factors:
        keys[factor.name] = None
        keys.update(dict.fromkeys(key for level in factor.levels for key in level.sets))
    for design in study.designs:
        keys.update(dict.fromkeys(key for entry in design.entries for key in entry.sets))
    return list(keys)


def _columns(record: Record, rows: list[dict[str, Any]]) -> list[str]:
    """Return the columns of results.csv; an external trainer may add metrics to them."""
    factors = factor_columns(record.study)
    before = ["study", "profile", "trial", "variant", "seed", "status"]
    after = [*compute_columns(record.study), "precision", "torch", "started", "error"]
    metrics = dict.fromkeys([*Metrics.model_fields, *predicted_metrics(record.study)])
    known = {*before, *factors, *metrics, *after}
    added = (name for row in rows if record.study.trainer for name in row if name not in known)
    return [*before, *factors, *metrics, *dict.fromkeys(added), *after]


def _row(
    record: Record, levels: dict[str, str], trial: Trial, result: TrialResult
) -> dict[str, Any]:
    metrics = result.metrics.model_dump() if result.metrics else {}
    return {
        "study": record.study.name,
        "profile": record.study.profile,
        "trial": trial.id,
        "variant": trial.variant,
        "seed": trial.seed,
        "status": result.status,
        **_levels(record, levels, trial),
        **metrics,
        **{name: getattr(result.compute, name) for name in compute_columns(record.study)},
        "precision": value_at(trial.settings, "training.precision"),
        "torch": result.torch,
        "started": result.started,
        "error": result.error,
    }


def _levels(record: Record, levels: dict[str, str], trial: Trial) -> dict[str, str]:
    return {key: _level(trial, levels, key) for key in factor_columns(record.study)}


def _level(trial: Trial, levels: dict[str, str], key: str) -> str:
    section, _, name = key.partition(".")
    if name in trial.settings.get(section, {}):
        return label(trial.settings[section][name])
    return levels.get(key, "")
