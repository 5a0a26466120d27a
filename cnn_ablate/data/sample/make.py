"""Create the embedded sample from the four files of Fashion-MNIST; not used by studies.

Run as `python -m cnn_ablate.data.sample.make`, with Debian's package dataset-fashion-mnist.
"""

import argparse
import gzip
from pathlib import Path

import numpy as np
from jaxtyping import Int, UInt8

from cnn_ablate.data.embedded import SAMPLE

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
CLASSES = 10


def first_per_class(labels: UInt8[np.ndarray, " n"], each: int) -> Int[np.ndarray, " chosen"]:
    """Return the indices of the first `each` images of every class, in file order."""
    return np.sort(np.concatenate([np.flatnonzero(labels == c)[:each] for c in range(CLASSES)]))


def read(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the images (n, 1, 28, 28) and labels (n,) of `train` or `t10k`, both uint8."""
    images = gzip.decompress((folder / f"{part}-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / f"{part}-labels-idx1-ubyte.gz").read_bytes())
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 1, 28, 28)
    return pixels, np.frombuffer(labels, np.uint8, offset=8)


def make(folder: Path, sample: Path, *, train: int = 400, test: int = 100) -> None:
    """Write the first `train` and `test` images of each class to the file `sample`."""
    arrays: dict[str, np.ndarray] = {}
    for part, name, each in (("train", "train", train), ("t10k", "test", test)):
        images, labels = read(folder, part)
        chosen = first_per_class(labels, each)
        arrays |= {f"{name}_images": images[chosen], f"{name}_labels": labels[chosen]}
    np.savez_compressed(sample, allow_pickle=False, **arrays)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=DEBIAN)
    make(parser.parse_args().folder, SAMPLE)
