"""The trials that both sides of a benchmark train: settings, and synthetic images."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cnn_ablate.find_study import study_path
from cnn_ablate.plan import plan
from cnn_ablate.settings import resolve
from cnn_ablate.study import Changes, read_study

SIDE = {"cifar10": (32, 32, 3), "fashion": (28, 28, 1)}
CROP_FLIP = ["random_crop", "horizontal_flip"]
FASHION2 = {"name": "fashion_cnn", "convs": 2, "hidden": [256, 128]}
RESNET = {"name": "resnet", "blocks": [1, 1, 1, 1]}


@dataclass(frozen=True)
class Workload:
    """One kind of trial: its data, network, batch size, augmentation and number of images."""

    images: str
    model: dict[str, Any]
    batch_size: int
    augment: list[str]
    count: int
    precisions: tuple[str, ...] = ("float32",)
    epochs: int = 1

    def settings(self, data: dict[str, Any], precision: str = "float32") -> dict[str, Any]:
        """Return the baseline of a study of this workload, with this data section."""
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

    def synthetic(self, folder: Path, count: int) -> dict[str, Any]:
        """Write images of noise, and return the data section that reads them."""
        height, _, channels = SIDE[self.images]
        path = str(write_noise(self, folder, count))
        grey = channels == 1
        return {"name": "image_folder", "path": path, "image_size": height, "grey": grey}

    def published(self, count: int) -> dict[str, Any]:
        """Return the data section of `count` published images, and a fifth as many to test on."""
        name = "cifar10" if self.images == "cifar10" else "fashion_mnist"
        return {"name": name, "subset": count, "test_subset": max(1, count // 5)}


BOTH = ("float32", "bfloat16")
# By name. The reference takes about two minutes for eight trials of each on two cores.
WORKLOADS = {
    "lenet": Workload("cifar10", {"name": "lenet"}, 4, [], 28_000),
    "fashion_cnn1": Workload("fashion", {"name": "fashion_cnn"}, 64, [], 60_000),
    "fashion_cnn2": Workload("fashion", FASHION2, 64, [], 60_000),
    "cnnnet": Workload("cifar10", {"name": "cnnnet"}, 128, CROP_FLIP, 5000, BOTH),
    "resnet": Workload("cifar10", RESNET, 128, CROP_FLIP, 1280, BOTH),
}


@dataclass(frozen=True)
class Matrix:
    """The trials of one benchmark: a study file for us, and one settings file per reference run."""

    study: Path
    runs: list[Path]


def matrix(
    work: Workload, precision: str, data: dict[str, Any], folder: Path, trials: int
) -> Matrix:
    """Write the files of a matrix of `trials` trials of a workload."""
    settings = work.settings(data, precision)
    study = {"study": f"bench_{precision}", "baseline": settings, "seeds": trials}
    return Matrix(
        _write_json(folder / f"{precision}.json", study),
        [_write_json(folder / "run.json", settings)] * trials,
    )


# Eight variants with the baseline, one at a time: each is another program.
ABLATION = {
    "model.norm": ["none", "batch", "group"],
    "model.activation": ["relu", "leaky_relu", "gelu", "silu", "tanh"],
    "model.kernel": [5, 3],
}


def ablation(work: Workload, data: dict[str, Any], folder: Path) -> Matrix:
    """Write the files of an ablation of `lenet`, with one seed per variant."""
    settings = work.settings(data)
    written = {"study": "bench_ablation", "baseline": settings, "factors": ABLATION, "seeds": 1}
    path = _write_json(folder / "ablation.json", written)
    runs = [
        _write_json(folder / f"run{number}.json", _augments_by_name(trial.settings))
        for number, trial in enumerate(plan(read_study(path, Changes()), resolve).trials)
    ]
    return Matrix(path, runs)


def smoke(folder: Path) -> Matrix:
    """Write the files of all trials of the smoke study."""
    study = read_study(study_path("smoke"), Changes())
    runs = [
        _write_json(folder / f"run{number}.json", _augments_by_name(trial.settings))
        for number, trial in enumerate(plan(study, resolve).trials)
    ]
    return Matrix(study_path("smoke"), runs)


def _augments_by_name(settings: Any) -> Any:
    """Return the settings with augmentations as plain names."""
    data = settings["data"]
    names = [step["name"] if isinstance(step, dict) else step for step in data["augment"]]
    return {**settings, "data": {**data, "augment": names}}


def _write_json(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


def write_noise(workload: Workload, folder: Path, count: int) -> Path:
    """Write images of noise unless the folder exists: `count` to train on, a fifth to test on."""
    if folder.exists():
        return folder
    generator = np.random.default_rng(0)
    for path in _paths(folder, count):
        pixels = generator.integers(0, 256, SIDE[workload.images], dtype=np.uint8)
        Image.fromarray(pixels.squeeze()).save(path)
    return folder


def _paths(folder: Path, count: int) -> Iterator[Path]:
    for part, images in (("train", count), ("test", count // 5)):
        for label in range(10):
            class_folder = folder / part / f"class{label}"
            class_folder.mkdir(parents=True)
            yield from (class_folder / f"{number:05}.bmp" for number in range(images // 10))
