"""The result of a trial as files: what a trial's folder contains, in which format."""

import io
from collections.abc import Iterable
from csv import writer

import pandas as pd

from cnn_ablate.schema import ClassRow, EpochRow, TrialResult
from cnn_ablate.store.checksums import DONE, NETWORK, as_json, sha256

TRIAL_FILES = frozenset(
    {"trial.json", "epochs.csv", "steps.csv", "classes.csv", "predictions.npz", NETWORK, DONE}
)
# Fields of a result that have files of their own.
_OWN_FILES = {"epochs", "steps", "classes", "predictions", "weights", "log"}


def trial_files(result: TrialResult) -> dict[str, bytes]:
    """Return the files of a trial by name; DONE is the last, if the trial is done."""
    classes = ["class", *list(ClassRow.model_fields)[1:]]
    left_out = _OWN_FILES if result.pixels else {*_OWN_FILES, "pixels"}
    files = {
        "trial.json": (result.model_dump_json(indent=1, exclude=left_out) + "\n").encode(),
        "epochs.csv": _csv_of_rows(EpochRow.model_fields, map(_cells, result.epochs)),
        "steps.csv": _csv_of_rows(["step", "loss"], result.steps),
        "classes.csv": _csv_of_rows(classes, map(_cells, result.classes)),
        "predictions.npz": result.predictions,
        NETWORK: result.weights,
        "log.txt": result.log.encode(),
    }
    if not result.classes:
        del files["classes.csv"]
    files = {name: payload for name, payload in files.items() if payload}
    if result.status == "done":
        files[DONE] = as_json({name: sha256(payload) for name, payload in files.items()})
    return files


def as_csv(frame: pd.DataFrame) -> bytes:
    """Return a frame as CSV: UTF-8, line feeds, floats with all their digits."""
    return frame.to_csv(index=False, lineterminator="\n").encode()


def _cells(row: EpochRow | ClassRow) -> Iterable[object]:
    return dict(row).values()


def _csv_of_rows(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """Return a few rows as `as_csv` writes a frame of them, without the cost of a frame."""
    file = io.StringIO()
    # NaN, which alone is not equal to itself, is an empty cell, as None is.
    cells = ((cell if cell == cell else None for cell in row) for row in rows)  # noqa: PLR0124
    writer(file, lineterminator="\n").writerows([columns, *cells])
    return file.getvalue().encode()
