"""What both sides of a benchmark train: settings of a study, and made-up images."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIDE = {"cifar10": (32, 32, 3), "fashion": (28, 28, 1)}
CROP_FLIP = ["random_crop", "horizontal_flip"]


@dataclass(frozen=True)
class Workload:
    """One kind of trial: its data, network, batch size and augmentation."""

    images: str
    model: dict[str, Any]
    batch_size: int
    augment: list[str]
    count: int

    def settings(self, folder: Path) -> dict[str, dict[str, Any]]:
        """Give the baseline of a study of this work."""
        height, _, channels = SIDE[self.images]
        return {
            "data": {
                "name": "image_folder",
                "path": str(folder),
                "image_size": height,
                "grey": channels == 1,
                "augment": self.augment,
                "normalize": "half",
            },
            "model": self.model,
            "optimizer": {"name": "sgd", "lr": 0.001, "momentum": 0.9},
            "training": {"epochs": 1, "batch_size": self.batch_size},
        }


WORKLOADS = {
    "lenet": Workload("cifar10", {"name": "lenet"}, 4, [], 8000),
    "fashion_cnn1": Workload("fashion", {"name": "fashion_cnn"}, 64, [], 30_000),
    "fashion_cnn2": Workload(
        "fashion", {"name": "fashion_cnn", "convs": 2, "hidden": [256, 128]}, 64, [], 30_000
    ),
    "cnnnet": Workload("cifar10", {"name": "cnnnet"}, 128, CROP_FLIP, 4000),
    "resnet": Workload("cifar10", {"name": "resnet", "blocks": [1, 1, 1, 1]}, 128, CROP_FLIP, 1000),
}


def draw(workload: Workload, folder: Path, count: int) -> None:
    """Save noise as pictures: `count` to train on, a fifth as many to test on."""
    generator = np.random.default_rng(0)
    for part, many in (("train", count), ("test", count // 5)):
        for label in range(10):
            place = folder / part / f"class{label}"
            place.mkdir(parents=True)
            for i in range(many // 10):
                pixels = generator.integers(0, 256, SIDE[workload.images], dtype=np.uint8)
                Image.fromarray(pixels.squeeze()).save(place / f"{i:05}.bmp")
