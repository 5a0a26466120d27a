"""Inference with trained networks: load one from the results folder, classify image files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from cnn_ablate.custom import code_of_results, user_code_folder
from cnn_ablate.data import TTA_VIEWS, Batch, views
from cnn_ablate.data.folder import is_hidden, is_special
from cnn_ablate.data.image_arrays import ARRAYS, PICKLES, read_array
from cnn_ablate.data.image_files import SUFFIXES, Decoding, read_image
from cnn_ablate.data.normalize import Normalization
from cnn_ablate.data.picture_options import PictureFiles
from cnn_ablate.errors import UserError
from cnn_ablate.schema import DataFacts, Trial, TrialResult
from cnn_ablate.settings import TrialOptions, build_options
from cnn_ablate.store import (
    NETWORK,
    RETRAIN,
    Store,
    TrialFolder,
    open_trial,
    parse_record,
    read_record,
)
from cnn_ablate.train import average_views, predict_logits
from cnn_ablate.value_errors import unknown_name

CHUNK = 250


@dataclass(frozen=True)
class TrainedModel:
    """A trained network in evaluation mode, with its trial's options, data set, normalisation."""

    model: nn.Module
    options: TrialOptions
    data: DataFacts
    normalization: Normalization


@dataclass(frozen=True)
class Prediction:
    """The probabilities of the classes of an image, or the error for which it was skipped.

    `name` is the path of the image's file, or its number in an array.
    """

    name: str
    probabilities: tuple[float, ...] = ()
    error: str = ""

    @property
    def label(self) -> int:
        """The number of the most probable class."""
        return self.probabilities.index(max(self.probabilities))


def load_model(
    trial: str | Path, results: Path | str = "results", *, trust_code: bool = False
) -> nn.Module:
    """Load the network of a finished trial, ready to classify normalised images.

    Args:
        trial: Its id, or its folder.
        results: The results folder that contains a trial given by id.
        trust_code: Import user-defined code that the trial names.

    Raises:
        UserError: there is no such trial, or it is not done.
    """
    return load_trained(trial, results, trust_code=trust_code).model


def load_trained(
    trial: str | Path, results: Path | str = "results", *, trust_code: bool = False
) -> TrainedModel:
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
    results = path.resolve().parents[1]
    folders = _code_folders(results, folder.result) if trust_code else []
    with user_code_folder(*folders), code_of_results(trusted=trust_code):
        options = build_options(trained.settings)
        model = options.model.build(data.shape, len(data.classes))
    _load_weights(model, folder)
    return TrainedModel(model.eval(), options, data, _normalization(options, folder))


def _normalization(options: TrialOptions, folder: TrialFolder) -> Normalization:
    """Return the normalisation that a trial was trained with; raises UserError."""
    if isinstance(options.data.normalize, Normalization):
        return options.data.normalize
    if folder.result.pixels is None:
        what = "lacks the mean and standard deviation of its training images."
        raise UserError(str(folder.path), what, RETRAIN)
    mean, std = folder.result.pixels
    return Normalization(mean=mean, std=std)


def _load_weights(model: nn.Module, folder: TrialFolder) -> None:
    """Load the weights of a trial into its network; raises UserError if they are not of it."""
    payload = folder.read(NETWORK)
    try:
        model.load_state_dict(torch.load(BytesIO(payload), weights_only=True))
    except Exception as error:  # a damaged file may raise anything in its decoder
        what = "has no weights of this trial's network."
        raise UserError(str(folder.path / NETWORK), what, RETRAIN) from error


def _code_folders(results: Path, result: TrialResult) -> list[Path | None]:
    """Return the folders that the user code of a trial was searched in, as far as they are here."""
    if not result.trial.has_user_code:
        return []
    remembered = [results / folder for folder in result.code_folders]
    here = [folder for folder in remembered if folder.is_dir()]
    return [*here, _study_folder(results, result.trial)]


def _study_folder(results: Path, trial: Trial) -> Path | None:
    """Return the folder of a study here that has a trial; None if there is none."""
    for path in results.glob("*/study.json"):
        record = parse_record(path.read_bytes())
        if any(planned.key == trial.key for planned in record.plan.trials):
            # The path is as on the command line: relative to the results' parent, or to here.
            source = Path(record.study.source)
            candidates = (results.parent / source, source)
            return next((file for file in candidates if file.is_file()), source).parent
    return None


@dataclass(frozen=True)
class Ensemble:
    """The networks of a variant, one per seed, and how many of them are not in the results."""

    networks: tuple[TrainedModel, ...]
    missing: int = 0


def load_ensemble(word: str, variant: str, results: Path, *, trust_code: bool = False) -> Ensemble:
    """Load the networks of a variant, one per seed that is done, or that of a single trial.

    Args:
        word: Name of a study's folder in the results, or id or folder of a trial.
        variant: Name of a variant of the study; '' means the first one, the baseline.
        results: Results folder.
        trust_code: Import user-defined code that the trials name.

    Raises:
        UserError: there is no such study, variant or trial, or none of the networks is here.
    """
    if not (results / word / "study.json").is_file():
        if variant:
            raise UserError(str(results / word), "no such study was run.", "")
        return Ensemble((load_trained(word, results, trust_code=trust_code),))
    record, store = read_record(results, word), Store(results)
    names = [each.name for each in record.plan.variants]
    wanted = variant or names[0]
    if wanted not in names:
        raise UserError(f"--variant {wanted}", *unknown_name("variant", wanted, names))
    folders = [store.folder(t) for t in record.plan.trials if t.variant == wanted]
    here = [folder for folder in folders if (folder / NETWORK).is_file()]
    if not here:
        what = f"none of its networks (model.pt) is in {store.trials}."
        raise UserError(f"{word}, variant {wanted}", what, "Train them: cnn-ablate run --fresh.")
    networks = (load_trained(folder, results, trust_code=trust_code) for folder in here)
    trained = sum(folder.is_dir() for folder in folders)
    return Ensemble(tuple(networks), trained - len(here))


def _visible_files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder that training would not ignore either."""
    for path in folder.iterdir():
        if is_hidden(path.name) or is_special(path):
            continue
        if path.is_dir():
            yield from _visible_files(path)
        else:
            yield path


def find_images(place: Path) -> list[Path]:
    """Return a file of images, or the files below a folder by path; raises UserError."""
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise UserError(str(place), "no such file or folder.")
    paths = sorted(_visible_files(place))
    if not any(path.suffix.lower() in SUFFIXES for path in paths):
        raise UserError(str(place), "contains no pictures.", f"Known: {', '.join(SUFFIXES)}.")
    return paths


def predict(
    networks: Sequence[TrainedModel], paths: Sequence[Path], *, tta: bool = False
) -> Iterator[Prediction]:
    """Classify images in chunks by the mean of the networks' probabilities.

    An image file that cannot be read gets an error and no probabilities.

    Args:
        networks: One or more networks of one variant.
        paths: Image files of any size and mode, or one file with an array of images.
        tta: Average over the test-time views of the trial's settings, or else over all views.

    Raises:
        UserError: an array cannot be read, or is none of images.
    """
    decoding = _decoding(networks[0])
    if len(paths) == 1 and paths[0].suffix.lower() in {*ARRAYS, *PICKLES}:
        images = read_array(paths[0], decoding)
        for start in range(0, len(images), CHUNK):
            rows = _probabilities(networks, images[start : start + CHUNK], tta=tta)
            for number, row in enumerate(rows, start):
                yield Prediction(str(number), row)
        return
    for start in range(0, len(paths), CHUNK):
        opened = [_read_or_error(path, decoding) for path in paths[start : start + CHUNK]]
        images = [image for image in opened if isinstance(image, np.ndarray)]
        classified = iter(_probabilities(networks, images, tta=tta) if images else ())
        for path, image in zip(paths[start:], opened, strict=False):
            if isinstance(image, str):
                yield Prediction(path.as_posix(), error=image)
            else:
                yield Prediction(path.as_posix(), next(classified))


def _decoding(trained: TrainedModel) -> Decoding:
    """Return how a network's training images were read, if they were files."""
    data = trained.options.data
    return data.decoding() if isinstance(data, PictureFiles) else Decoding(trained.data.shape)


def _read_or_error(path: Path, decoding: Decoding) -> np.ndarray | str:
    if path.suffix.lower() not in SUFFIXES:
        return f"is not a picture: its name ends in none of {', '.join(SUFFIXES)}."
    try:
        return read_image(path, decoding)
    except UserError as error:
        return error.what


def _probabilities(
    networks: Sequence[TrainedModel], images: list[np.ndarray], *, tta: bool
) -> list[tuple[float, ...]]:
    """Return the mean probabilities per image (channels, height, width)."""
    pixels = torch.from_numpy(np.stack(images))
    mean = torch.stack([_softmax(each, pixels, tta=tta) for each in networks]).mean(0)
    return [tuple(row) for row in mean.tolist()]


def _softmax(trained: TrainedModel, pixels: Tensor, *, tta: bool) -> Tensor:
    """Return the probabilities of one network (n, classes)."""
    chosen = views(trained.options.training.tta or TTA_VIEWS) if tta else views(["identity"])
    normalise = trained.normalization.build(pixels.shape[1])
    unlabelled = torch.zeros(len(pixels), dtype=torch.int64)
    outputs = [
        predict_logits(trained.model, [Batch(normalise(view(pixels)), unlabelled, unlabelled)])
        for view in chosen
    ]
    return average_views(outputs, trained.options.training.tta_average).logits.softmax(1)
