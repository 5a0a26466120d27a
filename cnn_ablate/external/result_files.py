"""The files that a command leaves of a trial: metrics.json, epochs.csv and predictions.csv."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cnn_ablate.errors import UserError
from cnn_ablate.external.class_table import ClassTable, class_table
from cnn_ablate.external.metric_values import ExpectedMetrics
from cnn_ablate.metrics import OF_CLASSES_ALONE
from cnn_ablate.schema import EpochRow, Metrics
from cnn_ablate.text import listed
from cnn_ablate.value_errors import format_value

METRICS, EPOCHS, PREDICTIONS = "metrics.json", "epochs.csv", "predictions.csv"
_MOST_BYTES = 1 << 20
_MOST_ROWS = 2_000_000
# A rounded accuracy may differ so much from that of the predictions.
_ROUNDING = 0.0051


def read_metrics(folder: Path, expected: ExpectedMetrics, table: ClassTable | None) -> Metrics:
    """Read metrics.json: a mapping of names to numbers.

    Args:
        folder: Of the trial's results.
        expected: Those that must be there, unless they can be computed from the predictions.
        table: Of the predictions, if there are any.

    Raises:
        UserError: it is missing, malformed, or contradicts the predictions.
        DivergedError: a number is not finite.
    """
    values = _numbers(folder / METRICS)
    if table:
        accuracy = values.setdefault("test_accuracy", table.accuracy)
        if abs(accuracy - table.accuracy) > _ROUNDING:
            what = f"test_accuracy is {accuracy:g}, but {table.accuracy:g} by {PREDICTIONS}."
            raise UserError(METRICS, what)
    return expected.check(METRICS, values, OF_CLASSES_ALONE if table else ())


def read_epochs(folder: Path) -> tuple[EpochRow, ...]:
    """Read the curves, one row per epoch; without the file there are none.

    Raises:
        UserError: it is malformed.
    """
    path = folder / EPOCHS
    if not path.is_file():
        return ()
    rows: list[EpochRow] = []
    for place, row in _rows(path, required=()):
        known = {name: row[name] for name in EpochRow.model_fields if row.get(name)}
        cells = {name: _cell(place, name, text) for name, text in known.items()}
        epoch = cells.pop("epoch", len(rows) + 1)
        if not float(epoch).is_integer():
            raise UserError(place, f"epoch: expected a whole number, got {epoch:g}.")
        rows.append(EpochRow(epoch=int(epoch), **cells))
    return tuple(rows)


def read_predictions(folder: Path) -> ClassTable | None:
    """Read the classes of the test images, true and predicted; None without the file.

    Raises:
        UserError: it is malformed.
    """
    path = folder / PREDICTIONS
    if not path.is_file():
        return None
    pairs = [(row["true"], row["predicted"]) for _, row in _rows(path, ("true", "predicted"))]
    if not pairs:
        raise UserError(PREDICTIONS, "has no rows.")
    return class_table(*map(list, zip(*pairs, strict=True)))


def _numbers(path: Path) -> dict[str, float]:
    try:
        payload = path.read_bytes()
    except FileNotFoundError:
        hint = f"The command has to write {{out}}/{METRICS}."
        raise UserError(METRICS, "was not written.", hint) from None
    except OSError as error:
        raise UserError(METRICS, f"cannot be read: {error.strerror}.") from None
    if len(payload) > _MOST_BYTES:
        raise UserError(METRICS, f"more than {_MOST_BYTES:,} bytes: expected names and numbers.")
    try:
        values = json.loads(payload.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        what = f"not JSON: {str(error).rstrip('.')}." if payload.strip() else "is empty."
        raise UserError(METRICS, what) from None
    if not isinstance(values, dict):
        what = f"expected a mapping of names to numbers, got {format_value(values)}."
        raise UserError(METRICS, what, 'Write {"test_accuracy": 0.91}.')
    return dict(_checked(values))


def _checked(values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UserError(METRICS, f"{name}: expected a number, got {format_value(value)}.")
        yield name, value


def _rows(path: Path, required: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the rows of a CSV file, each with its place."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in required if name not in (reader.fieldnames or ())]
            if missing:
                found = ", ".join(reader.fieldnames or ()) or "nothing"
                what = f"has no column {listed(map(repr, missing))}, but {found}."
                raise UserError(path.name, what)
            for row in reader:
                place = f"{path.name}, line {reader.line_num}"
                if None in row or None in row.values():
                    raise UserError(place, f"expected {len(reader.fieldnames or ())} cells.")
                if reader.line_num > _MOST_ROWS:
                    raise UserError(path.name, f"more than {_MOST_ROWS:,} lines.")
                yield place, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(path.name, f"cannot be read: {error}.") from None


def _cell(place: str, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise UserError(place, f"{name}: expected a number, got {text!r}.") from None
    return value
