"""The tidy tables of a study, rebuilt from the folders of its trials."""

import io
import zlib
from collections import Counter
from csv import reader
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn_ablate.errors import UserError
from cnn_ablate.schema import ComputeConfig, Record, Study, Trial, TrialResult, label
from cnn_ablate.store import atomic
from cnn_ablate.store.trials import Store, csv

# Without it, a run was killed while it wrote the others.
LAST_TABLE = "claims.csv"
_METRICS = [
    "parameters",
    "dead_parameters",
    "macs",
    "train_loss",
    "test_loss",
    "test_accuracy",
    "val_accuracy",
    "epochs",
    "selected_epoch",
    "seconds",
    "images_per_second",
    "peak_memory_mb",
]


@dataclass(frozen=True)
class Predictions:
    """What one trial predicted for the test images, in file order."""

    label: NDArray[np.integer[Any]]
    predicted: NDArray[np.integer[Any]]
    probability: NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Results:
    """A study as it was run: its record and its tidy tables.

    `trials` is results.csv; `epochs`, `steps`, `classes` and `confusion` carry `trial`, `variant`
    and `seed` in front of their own columns. `samples` are the first test images (n, channels,
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

    def predictions(self, trial: str) -> Predictions:
        """Read the predictions of a trial that is done, by its id."""
        return _predictions(self.store.payload(trial, "predictions.npz"))

    @property
    def is_written(self) -> bool:
        """Whether results.csv, as it lies there, lists these trials and no others."""
        path = self.store.root / self.record.study.folder / "results.csv"
        return path.is_file() and path.read_bytes() == csv(self.trials)


def write_study(store: Store, record: Record) -> Results:
    """Rebuild the tables of a study and write them with its record.

    The caller writes the last table, which tells that all of them are there; it goes first.
    """
    results = _collect(store, record)
    folder = store.root / record.study.folder
    with atomic.told(folder, atomic.KEPT):
        (folder / LAST_TABLE).unlink(missing_ok=True)
    for name in ("epochs", "steps", "classes", "confusion"):
        write_table(results, name, getattr(results, name))
    write_table(results, "results", results.trials)
    payload = (results.record.model_dump_json(indent=1) + "\n").encode()
    store.replace(folder / "study.json", payload)
    return results


def write_table(results: Results, name: str, frame: pd.DataFrame) -> None:
    """Write one more table of a study, for instance `effects`."""
    path = results.store.root / results.record.study.folder / f"{name}.csv"
    results.store.replace(path, csv(frame))


def write_samples(store: Store, study: str, samples: NDArray[np.uint8]) -> None:
    """Keep some test images (n, channels, height, width) beside a study's tables, to be shown."""
    file = io.BytesIO()
    np.savez_compressed(file, samples=samples)
    store.replace(store.root / study / "samples.npz", file.getvalue())


def _samples(folder: Path) -> NDArray[np.uint8] | None:
    """Read the sample images; damaged ones are as good as none."""
    try:
        with np.load(io.BytesIO((folder / "samples.npz").read_bytes())) as arrays:
            samples: NDArray[np.uint8] = arrays["samples"]
            return samples
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error):
        return None


def read(root: Path, folder: str) -> Results:
    """Read a study that was run: its record, and its tables rebuilt from the trials.

    Raises:
        UserError: nothing of that name was run, or what is kept of it is damaged, or its tables
            alone are here.
    """
    results = _collect(Store(root), read_record(root, folder))
    if results.trials.empty and _lists_trials(root / folder / "results.csv"):
        what = "has the tables of trials that are not here themselves."
        hint = "`cnn-ablate run` trains them, and writes the tables anew."
        raise UserError(str(root / folder), what, hint)
    return results


def read_record(root: Path, folder: str) -> Record:
    """Read the record of a study that was run, as it was written: no trial is looked at.

    Raises:
        UserError: nothing of that name was run, or its record is damaged.
    """
    path = root / folder / "study.json"
    if not path.is_file():
        raise UserError(str(path), "no such study was run.", "Run it with `cnn-ablate run`.")
    try:
        return Record.model_validate_json(path.read_bytes())
    except ValueError as fault:
        what = "is damaged, or of another version of cnn-ablate."
        raise UserError(str(path), what, "`cnn-ablate run` writes it anew.") from fault


def _lists_trials(table: Path) -> bool:
    return table.is_file() and len(table.read_bytes().splitlines()) > 1


def _collect(store: Store, record: Record) -> Results:
    kept = [(trial, store.result(trial)) for trial in record.plan.trials]
    ended = [(trial, result) for trial, result in kept if result is not None]
    levels = {variant.name: variant.levels for variant in record.plan.variants}
    rows = [_row(record, levels[trial.variant], trial, result) for trial, result in ended]
    done = [trial for trial, result in ended if result.status == "done"]
    columns = list(_row_columns(record))
    classes = _gather(store, done, "classes.csv")
    return Results(
        record=record.model_copy(update={"compute": _usual(record, [r for _, r in ended])}),
        trials=pd.DataFrame(rows, columns=columns),
        epochs=_gather(store, [trial for trial, _ in ended], "epochs.csv"),
        steps=_gather(store, [trial for trial, _ in ended], "steps.csv"),
        classes=classes,
        confusion=_confusion(store, done, classes),
        store=store,
        samples=_samples(store.root / record.study.folder),
    )


def _usual(record: Record, ended: list[TrialResult]) -> ComputeConfig:
    """Give the recipe of most trials; that of each stands in its row."""
    counted = Counter(result.compute for result in ended).most_common(1)
    return counted[0][0] if counted else record.compute


def factor_columns(study: Study) -> list[str]:
    """List the columns that tell variants apart: factors, and the dotted keys that they move."""
    keys: dict[str, None] = {}
    for factor in study.factors:
        keys[factor.name] = None
        keys.update(dict.fromkeys(key for level in factor.levels for key in level.sets))
    for design in study.designs:
        keys.update(dict.fromkeys(key for entry in design.entries for key in entry.sets))
    return list(keys)


def _row_columns(record: Record) -> list[str]:
    before = ["study", "profile", "trial", "variant", "seed", "status"]
    after = [*ComputeConfig.model_fields, "precision", "torch", "started", "error"]
    return [*before, *factor_columns(record.study), *_METRICS, *after]


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


def _gather(store: Store, trials: list[Trial], name: str) -> pd.DataFrame:
    """Read a table of all trials as one text: pandas takes a millisecond for each that it opens."""
    texts = [store.payload(trial, name).decode() for trial in trials]
    if not texts:
        return pd.DataFrame()
    counts = [sum(1 for _ in reader(io.StringIO(text))) - 1 for text in texts]
    bodies = [text.partition("\n")[2] for text in texts]
    whole = io.StringIO("".join([texts[0].partition("\n")[0], "\n", *bodies]))
    # Classes may be called `3`, `01`, `True` or `NA`.
    frame = pd.read_csv(whole, dtype={"class": str}, keep_default_na=False, na_values=[""])
    return _labelled(frame, trials, counts)


def _labelled(frame: pd.DataFrame, trials: list[Trial], counts: list[int]) -> pd.DataFrame:
    """Say of each row whose it is: the first `counts[0]` are the first trial's, and so on."""
    for column, values in (
        ("seed", [trial.seed for trial in trials]),
        ("variant", [trial.variant for trial in trials]),
        ("trial", [trial.id for trial in trials]),
    ):
        frame.insert(0, column, pd.Series(values).repeat(counts).array)
    return frame


def _predictions(payload: bytes) -> Predictions:
    with np.load(io.BytesIO(payload)) as arrays:
        # Half precision is for the disk; arithmetic with it overflows.
        probability = arrays["probability"].astype(np.float32)
        return Predictions(arrays["label"], arrays["predicted"], probability)


def _confusion(store: Store, trials: list[Trial], classes: pd.DataFrame) -> pd.DataFrame:
    """Count what was taken for what, of the classes that each trial lists."""
    if not trials:
        return pd.DataFrame()
    names = {trial: group.to_numpy() for trial, group in classes.groupby("trial")["class"]}
    known = [names[trial.id] for trial in trials]
    counts = [_counted(store, t, len(found)) for t, found in zip(trials, known, strict=True)]
    frame = pd.DataFrame(
        {
            "true": np.concatenate([found.repeat(len(found)) for found in known]),
            "predicted": np.concatenate([np.tile(found, len(found)) for found in known]),
            "count": np.concatenate(counts),
        }
    )
    return _labelled(frame, trials, [len(count) for count in counts])


def _counted(store: Store, trial: Trial, n: int) -> NDArray[np.int64]:
    found = _predictions(store.payload(trial, "predictions.npz"))
    return np.bincount(found.label.astype(np.int64) * n + found.predicted, minlength=n * n)
