"""The tracker protocol, and what all trackers log of a result."""

import io
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from matplotlib.figure import Figure

from cnn_ablate.errors import UserError
from cnn_ablate.schema import EpochRow, Settings, TrialResult, label

# With more classes, names and counts are not legible.
_MOST_LEGIBLE_CLASSES = 20


class Tracker(Protocol):
    """Logs copies of results to an experiment tracker."""

    def __init__(self, folder: Path, study: str) -> None: ...

    @property
    def place(self) -> str:
        """Where the results are: a folder or an address."""
        ...

    def logged(self) -> set[str]:
        """Return the hashes, which end trial ids, of the trials that were logged before."""
        ...

    def add(self, result: TrialResult) -> None:
        """Log a result as one run."""
        ...


def import_optional(module: str, name: str) -> Any:
    """Import a module of an optional dependency; raises UserError with how to install it."""
    try:
        return import_module(module)
    except ImportError:
        what = f"needs the package {name}, which is not installed."
        hint = f"Install cnn-ablate[{name}]."
        raise UserError(f"--track {name}", what, hint) from None


def flatten_settings(settings: Settings) -> dict[str, bool | int | float | str]:
    """Return settings by dotted key; lists and mappings as text, as in tables."""
    return {
        f"{section}.{key}": value if isinstance(value, (bool, int, float, str)) else label(value)
        for section, values in settings.items()
        for key, value in values.items()
    }


def epoch_metrics(row: EpochRow) -> dict[str, float]:
    """Return the metrics of an epoch that are not None."""
    return _numbers(row.model_dump(exclude={"epoch"}))


def final_metrics(result: TrialResult) -> dict[str, float]:
    """Return the final metrics of a trial that are not None."""
    return _numbers(result.metrics.model_dump()) if result.metrics else {}


def _numbers(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items() if value is not None}


def confusion_figure(result: TrialResult) -> Figure | None:
    """Return the confusion matrix as a figure; None without predictions."""
    if not result.predictions or not result.data:
        return None
    with np.load(io.BytesIO(result.predictions)) as arrays:
        true, predicted = arrays["label"].astype(int), arrays["predicted"].astype(int)
    names = result.data.classes
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (true, predicted), 1)
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.subplots()
    axes.imshow(counts, cmap="Blues")
    axes.set(xlabel="predicted", ylabel="true", title=result.trial.id)
    if len(names) <= _MOST_LEGIBLE_CLASSES:
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.set_yticks(range(len(names)), names)
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if 2 * count > counts.max() else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=colour)
    return figure
