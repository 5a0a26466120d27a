"""The tidy tables of a study, rebuilt from the folders of its trials."""

import io
from collections import Counter
from csv import reader
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn_ablate.errors import UserError
from cnn_ablate.schema import ComputeConfig, Metrics, Record, Study, Trial, TrialResult, label
from cnn_ablate.store import atomic
from cnn_ablate.store.study_files import read_record, read_samples, write_record
from cnn_ablate.store.trial_files import as_csv
from cnn_ablate.store.trials import Store

# Written last: without it, a run was killed while it wrote the others.
LAST_TABLE = "claims.csv"


@dataclass(frozen=True)
class Predictions:
    """The predictions of one trial for the n test images, in file order.

    `label`, `predicted` and `confidence`, the probability of the predicted class, are (n,). The
    probabilities of all classes stay on disk, so that those of a whole study fit into memory.
    """

    label: NDArray[np.integer[Any]]
    predicted: NDArray[np.integer[Any]]
    confidence: NDArray[np.float32]


@dataclass(frozen=True)
class Results:
    """A study as it was run: its record and its tidy tables.

    `trials` is results.csv; `epochs`, `steps`, `classes` and `confusion` have `trial`, `variant`
    and `seed` before their own columns. `samples` are the first test images (n, channels,
    height, width) in the order of every trial's predictions, if any were kept.
    """

    record: Record
    trials: pd.DataFrame
    epochs: pd.DataFrame
    steps: pd.DataFrame
    classes: pd.DataFrame
    confusion: pd.DataFrame
    store: Store
    samples: NDArray[np.uint8] | None = None
    prediction_cache: dict[str, Predictions] = field(default_factory=dict, repr=False)

    def predictions(self, trial: str) -> Predictions:
        """Return the predictions of a trial that is done, by its id; each file is read once."""
        if trial not in self.prediction_cache:
            self.prediction_cache[trial] = _predictions(self.store, trial)
        return self.prediction_cache[trial]

    @property
    def is_written(self) -> bool:
        """Whether results.csv on disk contains just these trials."""
        path = self.store.root / self.record.study.folder / "results.csv"
        return path.is_file() and path.read_bytes() == as_csv(self.trials)


def write_study(store: Store, record: Record) -> Results:
    """Rebuild the tables of a study and write them with its record.

    The last table is removed first; the caller writes it, which says that all others are there.
    """
    results = _collect(store, record)
    folder = store.root / record.study.folder
    with atomic.as_user_error(folder, atomic.KEPT):
        (folder / LAST_TABLE).unlink(missing_ok=True)
    for name in ("epochs", "steps", "classes", "confusion"):
        write_table(results, name, getattr(results, name))
    write_table(results, "results", results.trials)
    write_record(store, results.record)
    return results


def write_table(results: Results, name: str, frame: pd.DataFrame) -> None:
    """Write one more table of a study, for instance `effects`."""
    path = results.store.root / results.record.study.folder / f"{name}.csv"
    results.store.replace(path, as_csv(frame))


def read(root: Path, folder: str) -> Results:
    """Read a study that was run: its record, and its tables rebuilt from the trials.

    Raises:
        UserError: nothing of that name was run, or its record or a trial is damaged, or there
            are only its tables.
    """
    results = _collect(Store(root), read_record(root, folder))
    if results.trials.empty and _has_rows(root / folder / "results.csv"):
        what = "has the tables of trials that are not here themselves."
        hint = "`cnn-ablate run` trains them, and writes the tables anew."
        raise UserError(str(root / folder), what, hint)
    return results


def _has_rows(table: Path) -> bool:
    return table.is_file() and len(table.read_bytes().splitlines()) > 1


def _collect(store: Store, record: Record) -> Results:
    kept = [(trial, store.result(trial)) for trial in record.plan.trials]
    ended = [(trial, result) for trial, result in kept if result is not None]
    levels = {variant.name: variant.levels for variant in record.plan.variants}
    rows = [_row(record, levels[trial.variant], trial, result) for trial, result in ended]
    done = [trial for trial, result in ended if result.status == "done"]
    classes = _concatenate(store, done, "classes.csv")
    predictions = {trial.id: _predictions(store, trial) for trial in done}
    most_common = _most_common_compute(record, [result for _, result in ended])
    return Results(
        record=record.model_copy(update={"compute": most_common}),
        trials=pd.DataFrame(rows, columns=_columns(record)),
        epochs=_concatenate(store, [trial for trial, _ in ended], "epochs.csv"),
        steps=_concatenate(store, [trial for trial, _ in ended], "steps.csv"),
        classes=classes,
        confusion=_confusion(predictions, done, classes),
        store=store,
        samples=read_samples(store.root, record.study.folder),
        prediction_cache=predictions,
    )


def _most_common_compute(record: Record, ended: list[TrialResult]) -> ComputeConfig:
    """Return the compute settings of most trials; each trial's own are in its row."""
    counts = Counter(result.compute for result in ended).most_common(1)
    return counts[0][0] if counts else record.compute


def factor_columns(study: Study) -> list[str]:
    """Return the columns that distinguish variants: factors, and the dotted keys they change."""
    keys: dict[str, None] = {}
    for factor in study.factors:
        keys[factor.name] = None
        keys.update(dict.fromkeys(key for level in factor.levels for key in level.sets))
    for design in study.designs:
        keys.update(dict.fromkeys(key for entry in design.entries for key in entry.sets))
    return list(keys)


def _columns(record: Record) -> list[str]:
    """Return the columns of results.csv."""
    before = ["study", "profile", "trial", "variant", "seed", "status"]
    after = [*ComputeConfig.model_fields, "precision", "torch", "started", "error"]
    return [*before, *factor_columns(record.study), *Metrics.model_fields, *after]


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
        **{key: _level(trial, levels, key) for key in factor_columns(record.study)},
        **metrics,
        **result.compute.model_dump(),
        "precision": trial.settings["training"]["precision"],
        "torch": result.torch,
        "started": result.started,
        "error": result.error,
    }


def _level(trial: Trial, levels: dict[str, str], key: str) -> str:
    section, _, name = key.partition(".")
    if name and name in trial.settings.get(section, {}):
        return label(trial.settings[section][name])
    return levels.get(key, "")


def _concatenate(store: Store, trials: list[Trial], name: str) -> pd.DataFrame:
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


def _predictions(store: Store, trial: Trial | str) -> Predictions:
    with np.load(io.BytesIO(store.read_file(trial, "predictions.npz"))) as arrays:
        # Half precision is for the disk; arithmetic with it overflows.
        confidence = arrays["probability"].max(axis=1).astype(np.float32)
        return Predictions(arrays["label"], arrays["predicted"], confidence)


def _confusion(
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
