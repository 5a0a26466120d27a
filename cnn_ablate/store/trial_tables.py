"""The tables of several trials, joined from the files in their folders."""

import io
from collections.abc import Mapping, Sequence
from csv import Error as CsvError
from csv import reader
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn_ablate.errors import UserError
from cnn_ablate.metrics import ImagePredictions, value
from cnn_ablate.schema import Trial
from cnn_ablate.store.arrays import read_arrays
from cnn_ablate.store.trial_folder import PREDICTIONS, RETRAIN, TrialFolder

# n test images, k classes.
_LAYOUT = {"label": ("n", "iu"), "predicted": ("n", "iu"), "probability": ("nk", "f")}


@dataclass(frozen=True)
class Predictions:
    """The predictions of one trial for the n test images, in file order.

    `label`, `predicted` and `confidence`, the probability of the predicted class, are (n,). The
    probabilities of all classes stay on disk, so that those of a whole study fit into memory.
    """

    label: NDArray[np.integer[Any]]
    predicted: NDArray[np.integer[Any]]
    confidence: NDArray[np.float32]


# The trials of a study that have a folder, each with it.
Opened = Sequence[tuple[Trial, TrialFolder]]


def concatenate(opened: Opened, name: str) -> pd.DataFrame:
    """Read one table of several trials, with their trial, variant and seed.

    Raises:
        UserError: a table is damaged.
    """
    by_header: dict[str, list[tuple[Trial, Path, str]]] = {}
    for trial, folder in opened:
        text = folder.read(name).decode(errors="replace")
        header = text.partition("\n")[0]
        by_header.setdefault(header, []).append((trial, folder.path / name, text))
    # All have one header, unless an earlier version wrote some.
    parts = [_joined(tables) for tables in by_header.values()]
    if len(parts) < 2:
        return parts[0] if parts else pd.DataFrame()
    return in_order(pd.concat(parts), [trial for trial, _ in opened])


def in_order(frame: pd.DataFrame, trials: Sequence[Trial]) -> pd.DataFrame:
    """Return the rows of a table in the order of their trials."""
    order = {trial.id: index for index, trial in enumerate(trials)}
    return frame.sort_values(
        "trial", key=lambda ids: ids.map(order), kind="stable", ignore_index=True
    )


def _joined(tables: Sequence[tuple[Trial, Path, str]]) -> pd.DataFrame:
    """Return tables with one header as one frame.

    The texts are joined first, for pandas takes a millisecond for each file that it opens.
    """
    header = tables[0][2].partition("\n")[0]
    bodies = [text.partition("\n")[2] for _, _, text in tables]
    try:
        counts = [sum(1 for _ in reader(io.StringIO(body))) for body in bodies]
        # Classes may be called `3`, `01`, `True` or `NA`.
        frame = pd.read_csv(
            io.StringIO("".join([header, "\n", *bodies])),
            dtype={"class": str},
            keep_default_na=False,
            na_values=[""],
        )
        return _with_trial_columns(frame, [trial for trial, _, _ in tables], counts)
    except (ValueError, CsvError) as error:
        if len(tables) > 1:
            return pd.concat([_joined([table]) for table in tables], ignore_index=True)
        raise UserError(str(tables[0][1]), "is damaged.", RETRAIN) from error


def _with_trial_columns(
    frame: pd.DataFrame, trials: Sequence[Trial], counts: list[int]
) -> pd.DataFrame:
    """Insert trial, variant and seed; the first `counts[0]` rows are the first trial's, ..."""
    for column, values in (
        ("seed", [trial.seed for trial in trials]),
        ("variant", [trial.variant for trial in trials]),
        ("trial", [trial.id for trial in trials]),
    ):
        frame.insert(0, column, pd.Series(values).repeat(counts).array)
    return frame


def read_predictions(folder: TrialFolder) -> Predictions:
    """Read the predictions of a trial that is done.

    Raises:
        UserError: they are damaged, or not those of its test images and classes.
    """
    arrays = _arrays(folder)
    confidence = np.full(len(arrays["label"]), np.nan, np.float32)
    if "probability" in arrays:
        # Half precision is for the disk; arithmetic with it overflows.
        confidence = arrays["probability"].max(axis=1).astype(np.float32)
    return Predictions(arrays["label"], arrays["predicted"], confidence)


def read_probabilities(folder: TrialFolder) -> ImagePredictions:
    """Read the predictions of a trial with the probabilities of all classes; as above."""
    arrays = _arrays(folder)
    kept = arrays.get("probability")
    probability = None if kept is None else kept.astype(np.float64)
    return ImagePredictions(arrays["label"], arrays["predicted"], probability)


def computed_metrics(folder: TrialFolder, names: Sequence[str]) -> dict[str, float]:
    """Compute metrics of the predictions of a trial; NaN where they lack what a metric needs."""
    if not names:
        return {}
    seen, metrics = read_probabilities(folder), folder.result.metrics
    values = {name: value(name, seen) for name in names}
    if "nll" in values and metrics and metrics.test_loss is not None:
        # In full precision, as it was measured.
        values["nll"] = metrics.test_loss
    return values


def measured(folder: TrialFolder, name: str) -> float | None:
    """Return a metric of a trial: as it was measured, or computed from its predictions."""
    metrics = folder.result.metrics.model_dump() if folder.result.metrics else {}
    is_done = folder.result.status == "done"
    if name in metrics or not (is_done and folder.has_predictions):
        return metrics.get(name)
    return computed_metrics(folder, [name])[name]


def _arrays(folder: TrialFolder) -> Mapping[str, NDArray[Any]]:
    """Read the arrays of predictions; those of the user's own command have no probabilities."""
    data, layout = folder.result.data, dict(_LAYOUT)
    most = {"n": data.train + data.test, "k": len(data.classes)} if data else {}
    classes = None
    if folder.result.compute.is_external:
        del layout["probability"]
        classes = len(folder.read("classes.csv").splitlines()) - 1
    try:
        arrays = read_arrays(folder.read(PREDICTIONS), layout, most)
        _check_classes(arrays, classes or arrays["probability"].shape[1])
    except ValueError as error:
        what = f"is damaged: {error}."
        raise UserError(str(folder.path / PREDICTIONS), what, RETRAIN) from error
    return arrays


def _check_classes(arrays: Mapping[str, NDArray[Any]], k: int) -> None:
    """Raise a ValueError unless true and predicted classes are numbers below k."""
    for name in ("label", "predicted"):
        classes = arrays[name]
        if not ((classes >= 0) & (classes < k)).all():
            raise ValueError(f"'{name}' has a class that is none of {k}")


def confusion_table(
    predictions: Mapping[str, Predictions], trials: Sequence[Trial], classes: pd.DataFrame
) -> pd.DataFrame:
    """Count the test images per trial, true class and predicted class."""
    if not trials:
        return pd.DataFrame()
    by_trial = {trial: group.to_numpy() for trial, group in classes.groupby("trial")["class"]}
    names = [by_trial[trial.id] for trial in trials]
    counts = [
        _confusion_counts(predictions[trial.id], len(of))
        for trial, of in zip(trials, names, strict=True)
    ]
    frame = pd.DataFrame(
        {
            "true": np.concatenate([of.repeat(len(of)) for of in names]),
            "predicted": np.concatenate([np.tile(of, len(of)) for of in names]),
            "count": np.concatenate(counts),
        }
    )
    return _with_trial_columns(frame, trials, [len(count) for count in counts])


def _confusion_counts(predictions: Predictions, n: int) -> NDArray[np.int64]:
    """Return the confusion matrix of a trial with n classes, by rows of true classes (n * n,)."""
    cells = predictions.label.astype(np.int64) * n + predictions.predicted
    return np.bincount(cells, minlength=n * n)
