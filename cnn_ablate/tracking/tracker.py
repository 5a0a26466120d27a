"""What a tracker is, and what all of them are told of a result."""

import io
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from matplotlib.figure import Figure

from cnn_ablate.errors import UserError
from cnn_ablate.schema import EpochRow, Settings, TrialResult, label

# Above so many classes, names and counts would not be legible.
_LEGIBLE = 20


class Tracker(Protocol):
    """Keeps a copy of results somewhere."""

    def __init__(self, folder: Path, study: str) -> None: ...

    def add(self, result: TrialResult) -> None:
        """Keep a result."""
        ...


def needed(module: str, name: str) -> Any:
    """Import what a tracker needs; raises UserError with how to install it."""
    try:
        return import_module(module)
    except ImportError:
        what = f"needs the package {name}, which is not installed."
        hint = f"Install cnn-ablate[{name}]."
        raise UserError(f"--track {name}", what, hint) from None


def flat(settings: Settings) -> dict[str, bool | int | float | str]:
    """Give settings by dotted key; lists and mappings as tables show them."""
    return {
        f"{section}.{key}": value if isinstance(value, (bool, int, float, str)) else label(value)
        for section, values in settings.items()
        for key, value in values.items()
    }


def curve(row: EpochRow) -> dict[str, float]:
    """Give the numbers of an epoch that are known."""
    return _numbers(row.model_dump(exclude={"epoch"}))


def totals(result: TrialResult) -> dict[str, float]:
    """Give the final numbers of a trial that are known."""
    return _numbers(result.metrics.model_dump()) if result.metrics else {}


def _numbers(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items() if value is not None}


def confusion(result: TrialResult) -> Figure | None:
    """Draw which classes were taken for which; None without predictions."""
    if not result.predictions or not result.data:
        return None
    with np.load(io.BytesIO(result.predictions)) as found:
        true, predicted = found["label"].astype(int), found["predicted"].astype(int)
    names = result.data.classes
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (true, predicted), 1)
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.subplots()
    axes.imshow(counts, cmap="Blues")
    axes.set(xlabel="predicted", ylabel="true", title=result.trial.id)
    if len(names) <= _LEGIBLE:
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.set_yticks(range(len(names)), names)
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if 2 * count > counts.max() else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=colour)
    return figure
