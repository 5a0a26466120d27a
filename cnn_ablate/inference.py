"""Trained networks put to use: loaded from the results folder, asked about new pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from torch import nn

from cnn_ablate.custom import look_in
from cnn_ablate.data import TTA_VIEWS, Batch, View, views
from cnn_ablate.data.image_files import SUFFIXES, read
from cnn_ablate.errors import UserError
from cnn_ablate.schema import SOURCE_KEY, DataFacts, Record, Trial, TrialResult, canonical
from cnn_ablate.settings import TrialOptions, build_options
from cnn_ablate.store import Store, intact
from cnn_ablate.train import answers, merged

CHUNK = 250


@dataclass(frozen=True)
class Trained:
    """A trained network, and what it was trained as and on."""

    model: nn.Module
    options: TrialOptions
    data: DataFacts


@dataclass(frozen=True)
class Prediction:
    """What a network takes a picture for; without a class, why the picture was skipped."""

    path: Path
    label: int | None = None
    name: str = ""
    probability: float = 0.0
    fault: str = ""


def load_model(trial: str | Path, results: Path | str = "results") -> nn.Module:
    """Load the network of a trial that is done, ready to classify normalised images.

    Args:
        trial: Its id, or its folder.
        results: The results folder that an id is looked for in.

    Raises:
        UserError: there is no such trial, or it is not done.
    """
    return load_trained(trial, results).model


def load_trained(trial: str | Path, results: Path | str = "results") -> Trained:
    """Load the network of a trial with its settings and its classes; raises as `load_model`."""
    folder = Path(trial) if Path(trial).is_dir() else Store(Path(results)).folder(str(trial))
    if not (folder / "DONE").is_file():
        raise UserError(
            str(trial),
            "no finished trial of this id or folder.",
            f"The folders under {Path(results) / 'trials'} are named by trial ids.",
        )
    result = TrialResult.model_validate_json(intact(folder, "trial.json"))
    assert result.data is not None
    _look_beside_study(folder.resolve().parents[1], result.trial)
    chosen = build_options(result.trial.settings)
    model = chosen.model.build(result.data.shape, len(result.data.classes))
    model.load_state_dict(torch.load(BytesIO(intact(folder, "model.pt")), weights_only=True))
    return Trained(model.eval(), chosen, result.data)


def _look_beside_study(results: Path, trial: Trial) -> None:
    """Look for the user's modules, if the trial has any, beside the study that trained it."""
    if f'"{SOURCE_KEY}"' not in canonical(trial.settings):
        return
    for path in results.glob("*/study.json"):
        record = Record.model_validate_json(path.read_bytes())
        if any(planned.key == trial.key for planned in record.plan.trials):
            # As written on the command line: from where the results are, or from here.
            written = Path(record.study.source)
            known = next((p for p in (results.parent / written, written) if p.is_file()), written)
            look_in(known.parent)
            return


def pictures(folder: Path) -> list[Path]:
    """List the pictures in a folder and below, by name.

    Raises:
        UserError: there are none.
    """
    if not folder.is_dir():
        raise UserError(str(folder), "no such folder.")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise UserError(str(folder), "holds no pictures.", f"Known: {', '.join(SUFFIXES)}.")
    return found


def predict(
    trained: Trained, paths: Sequence[Path], *, augmented: bool = False
) -> Iterator[Prediction]:
    """Classify pictures, chunk by chunk; those that cannot be read are named and skipped.

    Args:
        trained: The network.
        paths: Pictures of any size and mode.
        augmented: Average over views: those of the trial's settings, or else all there are.
    """
    chosen = views(trained.options.training.tta or TTA_VIEWS) if augmented else views(["identity"])
    for start in range(0, len(paths), CHUNK):
        opened = [_opened(path, trained) for path in paths[start : start + CHUNK]]
        images = [image for image in opened if isinstance(image, np.ndarray)]
        told = iter(_classified(trained, images, chosen) if images else ())
        for path, image in zip(paths[start:], opened, strict=False):
            if isinstance(image, str):
                yield Prediction(path, fault=image)
            else:
                label, probability = next(told)
                yield Prediction(path, label, trained.data.classes[label], probability)


def _opened(path: Path, trained: Trained) -> np.ndarray | str:
    try:
        return read(path, trained.data.shape)
    except UserError as fault:
        return fault.what


def _classified(
    trained: Trained, images: list[np.ndarray], chosen: list[View]
) -> Iterator[tuple[int, float]]:
    """Give the most probable class of each image (channels, height, width), and how probable."""
    pixels = torch.from_numpy(np.stack(images))
    normalise = trained.options.data.normalize.build(pixels.shape[1])
    nothing = torch.zeros(len(pixels), dtype=torch.int64)
    said = [
        answers(trained.model, [Batch(normalise(view(pixels)), nothing, nothing)])
        for view in chosen
    ]
    mean = merged(said, trained.options.training.tta_average).logits.softmax(1)
    best = mean.max(1)
    yield from zip(best.indices.tolist(), best.values.tolist(), strict=True)
