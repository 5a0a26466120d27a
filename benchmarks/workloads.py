"""What both sides of a benchmark train: the settings of some trials, and made-up images."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cnn_ablate.plan import plan
from cnn_ablate.settings import resolve
from cnn_ablate.study import Changes, read_study
from cnn_ablate.study_paths import study_path

SIDE = {"cifar10": (32, 32, 3), "fashion": (28, 28, 1)}
CROP_FLIP = ["random_crop", "horizontal_flip"]
FASHION2 = {"name": "fashion_cnn", "convs": 2, "hidden": [256, 128]}
RESNET = {"name": "resnet", "blocks": [1, 1, 1, 1]}


@dataclass(frozen=True)
class Workload:
    """One kind of trial: its data, network, batch size and augmentation, and how much of it."""

    images: str
    model: dict[str, Any]
    batch_size: int
    augment: list[str]
    count: int
    precisions: tuple[str, ...] = ("float32",)
    epochs: int = 1

    def settings(self, data: dict[str, Any], precision: str = "float32") -> dict[str, Any]:
        """Give the baseline of a study of this work on some data."""
        return {
            "data": {**data, "augment": self.augment, "normalize": "half"},
            "model": self.model,
            "optimizer": {"name": "sgd", "lr": 0.001, "momentum": 0.9},
            "training": {
                "epochs": self.epochs,
                "batch_size": self.batch_size,
                "precision": precision,
            },
        }

    def drawn(self, folder: Path, count: int) -> dict[str, Any]:
        """Draw noise for it, and give the data section that reads it."""
        height, _, channels = SIDE[self.images]
        place = str(draw(self, folder, count))
        grey = channels == 1
        return {"name": "image_folder", "path": place, "image_size": height, "grey": grey}

    def real(self, count: int) -> dict[str, Any]:
        """Give the data section of so many published images, and a fifth as many to test on."""
        name = "cifar10" if self.images == "cifar10" else "fashion_mnist"
        return {"name": name, "subset": count, "test_subset": max(1, count // 5)}


BOTH = ("float32", "bfloat16")
# By name. The reference takes some two minutes for eight trials of each on two cores.
WORKLOADS = {
    "lenet": Workload("cifar10", {"name": "lenet"}, 4, [], 28_000),
    "fashion_cnn1": Workload("fashion", {"name": "fashion_cnn"}, 64, [], 60_000),
    "fashion_cnn2": Workload("fashion", FASHION2, 64, [], 60_000),
    "cnnnet": Workload("cifar10", {"name": "cnnnet"}, 128, CROP_FLIP, 5000, BOTH),
    "resnet": Workload("cifar10", RESNET, 128, CROP_FLIP, 1280, BOTH),
}


@dataclass(frozen=True)
class Matrix:
    """Trials of one benchmark: a study file for us, and settings for each run of the rival."""

    study: Path
    runs: list[Path]


def matrix(
    work: Workload, precision: str, data: dict[str, Any], folder: Path, trials: int
) -> Matrix:
    """Write down a matrix of so many trials of a workload, in a folder."""
    settings = work.settings(data, precision)
    study = {"study": f"bench_{precision}", "baseline": settings, "seeds": trials}
    return Matrix(
        _written(folder / f"{precision}.json", study),
        [_written(folder / "run.json", settings)] * trials,
    )


def smoke(folder: Path) -> Matrix:
    """Write down all trials of the smoke study."""
    study = read_study(study_path("smoke"), Changes())
    runs = [
        _written(folder / f"run{number}.json", _named(trial.settings))
        for number, trial in enumerate(plan(study, resolve).trials)
    ]
    return Matrix(study_path("smoke"), runs)


def _named(settings: Any) -> Any:
    """Give settings with augmentations by name alone."""
    data = settings["data"]
    names = [step["name"] if isinstance(step, dict) else step for step in data["augment"]]
    return {**settings, "data": {**data, "augment": names}}


def _written(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


def draw(workload: Workload, folder: Path, count: int) -> Path:
    """Save noise as pictures, unless they are there: `count` to train on, a fifth to test on."""
    if folder.exists():
        return folder
    generator = np.random.default_rng(0)
    for place in _places(folder, count):
        pixels = generator.integers(0, 256, SIDE[workload.images], dtype=np.uint8)
        Image.fromarray(pixels.squeeze()).save(place)
    return folder


def _places(folder: Path, count: int) -> Iterator[Path]:
    for part, many in (("train", count), ("test", count // 5)):
        for label in range(10):
            place = folder / part / f"class{label}"
            place.mkdir(parents=True)
            yield from (place / f"{number:05}.bmp" for number in range(many // 10))
