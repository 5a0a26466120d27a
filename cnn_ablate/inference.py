"""Inference with trained networks: load one from the results folder, classify image files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from pickle import PickleError

import numpy as np
import torch
from torch import nn

from cnn_ablate.custom import user_code_folder
from cnn_ablate.data import TTA_VIEWS, Batch, View, views
from cnn_ablate.data.image_files import SUFFIXES, read_image
from cnn_ablate.errors import UserError
from cnn_ablate.schema import SOURCE_KEY, DataFacts, Trial, canonical
from cnn_ablate.settings import TrialOptions, build_options
from cnn_ablate.store import NETWORK, RETRAIN, Store, TrialFolder, open_trial, parse_record
from cnn_ablate.train import average_views, predict_logits

CHUNK = 250


@dataclass(frozen=True)
class TrainedModel:
    """A trained network in evaluation mode, with its trial's options and data set."""

    model: nn.Module
    options: TrialOptions
    data: DataFacts


@dataclass(frozen=True)
class Prediction:
    """The most probable class of an image file, or the error for which it was skipped."""

    path: Path
    label: int | None = None
    name: str = ""
    probability: float = 0.0
    error: str = ""


def load_model(trial: str | Path, results: Path | str = "results") -> nn.Module:
    """Load the network of a finished trial, ready to classify normalised images.

    Args:
        trial: Its id, or its folder.
        results: The results folder that contains a trial given by id.

    Raises:
        UserError: there is no such trial, or it is not done.
    """
    return load_trained(trial, results).model


def load_trained(trial: str | Path, results: Path | str = "results") -> TrainedModel:
    """Load the network of a trial with its options and classes; raises as `load_model`."""
    path = Path(trial) if Path(trial).is_dir() else Store(Path(results)).folder(str(trial))
    folder = open_trial(path)
    if folder is None or folder.result.data is None or folder.result.status != "done":
        raise UserError(
            str(trial),
            "no finished trial of this id or folder.",
            f"The folders under {Path(results) / 'trials'} are named by trial ids.",
        )
    if not (path / NETWORK).is_file():
        what = "the results of this trial are here, but not its network (model.pt)."
        hint = "Copy the file from where it was trained, or train again: cnn-ablate run --fresh."
        raise UserError(str(trial), what, hint)
    trained, data = folder.result.trial, folder.result.data
    with user_code_folder(_study_folder(path.resolve().parents[1], trained)):
        options = build_options(trained.settings)
        model = options.model.build(data.shape, len(data.classes))
    _load_weights(model, folder)
    return TrainedModel(model.eval(), options, data)


def _load_weights(model: nn.Module, folder: TrialFolder) -> None:
    """Load the weights of a trial into its network; raises UserError if they are not of it."""
    payload = folder.read(NETWORK)
    try:
        model.load_state_dict(torch.load(BytesIO(payload), weights_only=True))
    except (RuntimeError, ValueError, TypeError, EOFError, KeyError, PickleError) as error:
        what = "has no weights of this trial's network."
        raise UserError(str(folder.path / NETWORK), what, RETRAIN) from error


def _study_folder(results: Path, trial: Trial) -> Path | None:
    """Return the folder of the study that trained a trial; None if it needs no user code."""
    if f'"{SOURCE_KEY}"' not in canonical(trial.settings):
        return None
    for path in results.glob("*/study.json"):
        record = parse_record(path.read_bytes())
        if any(planned.key == trial.key for planned in record.plan.trials):
            # The path is as on the command line: relative to the results' parent, or to here.
            source = Path(record.study.source)
            candidates = (results.parent / source, source)
            return next((file for file in candidates if file.is_file()), source).parent
    return None


def find_images(folder: Path) -> list[Path]:
    """Return the image files in a folder and its subfolders, sorted by path.

    Raises:
        UserError: there are none.
    """
    if not folder.is_dir():
        raise UserError(str(folder), "no such folder.")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise UserError(str(folder), "contains no pictures.", f"Known: {', '.join(SUFFIXES)}.")
    return paths


def predict(
    trained: TrainedModel, paths: Sequence[Path], *, tta: bool = False
) -> Iterator[Prediction]:
    """Classify image files in chunks; a file that cannot be read gets an error and no class.

    Args:
        trained: The network.
        paths: Image files of any size and mode.
        tta: Average over the test-time views of the trial's settings, or else over all views.
    """
    chosen = views(trained.options.training.tta or TTA_VIEWS) if tta else views(["identity"])
    for start in range(0, len(paths), CHUNK):
        opened = [_read_or_error(path, trained) for path in paths[start : start + CHUNK]]
        images = [image for image in opened if isinstance(image, np.ndarray)]
        classified = iter(_classify(trained, images, chosen) if images else ())
        for path, image in zip(paths[start:], opened, strict=False):
            if isinstance(image, str):
                yield Prediction(path, error=image)
            else:
                label, probability = next(classified)
                yield Prediction(path, label, trained.data.classes[label], probability)


def _read_or_error(path: Path, trained: TrainedModel) -> np.ndarray | str:
    try:
        return read_image(path, trained.data.shape)
    except UserError as error:
        return error.what


def _classify(
    trained: TrainedModel, images: list[np.ndarray], chosen: list[View]
) -> Iterator[tuple[int, float]]:
    """Yield class and probability of the best guess per image (channels, height, width)."""
    pixels = torch.from_numpy(np.stack(images))
    normalise = trained.options.data.normalize.build(pixels.shape[1])
    unlabelled = torch.zeros(len(pixels), dtype=torch.int64)
    outputs = [
        predict_logits(trained.model, [Batch(normalise(view(pixels)), unlabelled, unlabelled)])
        for view in chosen
    ]
    averaged = average_views(outputs, trained.options.training.tta_average)
    best = averaged.logits.softmax(1).max(1)
    yield from zip(best.indices.tolist(), best.values.tolist(), strict=True)
