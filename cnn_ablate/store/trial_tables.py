"""The tables of several trials, joined from the files in their folders."""

import io
from csv import reader
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn_ablate.schema import Trial
from cnn_ablate.store.trials import Store


@dataclass(frozen=True)
class Predictions:
    """The predictions of one trial for the n test images, in file order.

    `label`, `predicted` and `confidence`, the probability of the predicted class, are (n,). The
    probabilities of all classes stay on disk, so that those of a whole study fit into memory.
    """

    label: NDArray[np.integer[Any]]
    predicted: NDArray[np.integer[Any]]
    confidence: NDArray[np.float32]


def concatenate(store: Store, trials: list[Trial], name: str) -> pd.DataFrame:
    """Read one table of several trials, with their trial, variant and seed.

    The texts are joined first, for pandas takes a millisecond for each file that it opens.
    """
    texts = [store.read_file(trial, name).decode() for trial in trials]
    if not texts:
        return pd.DataFrame()
    counts = [sum(1 for _ in reader(io.StringIO(text))) - 1 for text in texts]
    bodies = [text.partition("\n")[2] for text in texts]
    joined = io.StringIO("".join([texts[0].partition("\n")[0], "\n", *bodies]))
    # Classes may be called `3`, `01`, `True` or `NA`.
    frame = pd.read_csv(joined, dtype={"class": str}, keep_default_na=False, na_values=[""])
    return _with_trial_columns(frame, trials, counts)


def _with_trial_columns(
    frame: pd.DataFrame, trials: list[Trial], counts: list[int]
) -> pd.DataFrame:
    """Insert trial, variant and seed; the first `counts[0]` rows are the first trial's, ..."""
    for column, values in (
        ("seed", [trial.seed for trial in trials]),
        ("variant", [trial.variant for trial in trials]),
        ("trial", [trial.id for trial in trials]),
    ):
        frame.insert(0, column, pd.Series(values).repeat(counts).array)
    return frame


def read_predictions(store: Store, trial: Trial | str) -> Predictions:
    """Read the predictions of a trial that is done."""
    with np.load(io.BytesIO(store.read_file(trial, "predictions.npz"))) as arrays:
        # Half precision is for the disk; arithmetic with it overflows.
        confidence = arrays["probability"].max(axis=1).astype(np.float32)
        return Predictions(arrays["label"], arrays["predicted"], confidence)


def confusion_table(
    predictions: dict[str, Predictions], trials: list[Trial], classes: pd.DataFrame
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
