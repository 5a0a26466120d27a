"""The files of a study beside its tables: record, compute settings, progress, sample images."""

import csv
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from cnn_ablate.errors import UserError
from cnn_ablate.schema import ComputeConfig, Record, RunProgress
from cnn_ablate.store.arrays import read_arrays
from cnn_ablate.store.table_checksums import REWRITE, read_table
from cnn_ablate.store.trials import Store
from cnn_ablate.store.upgrade import parse_record

_RECORD = "study.json"
_PROGRESS = "progress.json"
_COMPUTE = "compute.json"
_SAMPLES = "samples.npz"
_COMPUTE_BY_MACHINE = TypeAdapter(dict[str, ComputeConfig])


class TrainingImages(NamedTuple):
    """Some training images (n, channels, height, width), and what augmentation makes of them."""

    raw: NDArray[np.uint8]
    augmented: NDArray[np.uint8]


def read_record(root: Path, folder: str, *, is_copy: bool = False) -> Record:
    """Read the record of a study that was run, as it was written: no trial is looked at.

    Args:
        root: The folder `results/`.
        folder: The folder of the study in it.
        is_copy: Accept the record of a study of another name, which a copied folder has.

    Raises:
        UserError: nothing of that name was run, or its record is damaged, or of another study.
    """
    path = root / folder / _RECORD
    if not path.is_file():
        raise UserError(str(path), "no such study was run.", "Run it with `cnn-ablate run`.")
    try:
        record = parse_record(path.read_bytes())
    except OSError as fault:
        raise UserError(str(path), f"cannot be read: {fault.strerror}.") from fault
    except ValueError as fault:
        what = "is damaged, or of another version of cnn-ablate."
        raise UserError(str(path), what, REWRITE) from fault
    if record.study.folder != folder and not is_copy:
        what = f"is that of '{record.study.folder}'."
        raise UserError(str(path), what, "A study is read from the folder of its own name.")
    return record


def write_record(store: Store, record: Record) -> None:
    """Replace the record of a study."""
    payload = (record.model_dump_json(indent=1) + "\n").encode()
    store.replace(store.root / record.study.folder / _RECORD, payload)


def read_compute(store: Store, study: str) -> dict[str, ComputeConfig]:
    """Read the compute settings of a study by machine; empty if there are none, or not whole."""
    try:
        return _COMPUTE_BY_MACHINE.validate_json((store.root / study / _COMPUTE).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}


def write_compute(store: Store, study: str, compute: dict[str, ComputeConfig]) -> None:
    """Replace the compute settings of a study; a resumed run takes the same."""
    payload = _COMPUTE_BY_MACHINE.dump_json(compute, indent=1) + b"\n"
    store.replace(store.root / study / _COMPUTE, payload)


def read_progress(store: Store, study: str) -> RunProgress | None:
    """Read how far the last run of a study has come; None if that cannot be read."""
    try:
        return RunProgress.model_validate_json((store.root / study / _PROGRESS).read_bytes())
    except (OSError, ValueError):
        return None


def write_progress(store: Store, study: str, progress: RunProgress) -> None:
    """Replace how far the run of a study has come."""
    payload = (progress.model_dump_json(indent=1) + "\n").encode()
    store.replace(store.root / study / _PROGRESS, payload)


def read_findings(store: Store, study: str) -> list[dict[str, str]]:
    """Read what the checks found in the results of a study; empty if that cannot be read."""
    try:
        text = read_table(store.root / study, "findings.csv").decode()
        rows = [*csv.DictReader(io.StringIO(text))]
        return [row for row in rows if row["found"] == "after training"]
    except (UserError, ValueError, KeyError, csv.Error):
        return []


def read_samples(folder: Path) -> NDArray[np.uint8] | None:
    """Read the sample images of a study; None if there are none, or the file is damaged."""
    try:
        arrays = read_arrays(read_table(folder, _SAMPLES), {"samples": ("nchw", "u")})
        return arrays["samples"]
    except (UserError, ValueError):
        return None


def read_training_images(folder: Path) -> TrainingImages | None:
    """Read the training images that a study keeps, raw and augmented; None if there are none."""
    layout = dict.fromkeys(TrainingImages._fields, ("nchw", "u"))
    try:
        return TrainingImages(**read_arrays(read_table(folder, _SAMPLES), layout))
    except (UserError, ValueError):
        return None


def write_samples(
    store: Store,
    study: str,
    samples: NDArray[np.uint8],
    training: TrainingImages | None = None,
) -> None:
    """Keep test images (n, channels, height, width), and training ones, for reports to show."""
    file = io.BytesIO()
    np.savez_compressed(file, samples=samples, **(training._asdict() if training else {}))
    store.replace(store.root / study / _SAMPLES, file.getvalue())
