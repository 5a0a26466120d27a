"""The embedded data set: it comes with the package, so that every study can be tried at once."""

from pathlib import Path
from typing import ClassVar

import numpy as np

from cnn_ablate.data import class_names
from cnn_ablate.data.dataset_options import (
    FoundData,
    KnownDataSet,
    OnDownload,
    RawSplit,
    ignore_progress,
)

SAMPLE = Path(__file__).parent / "sample" / "fashion_mnist_sample.npz"

_NOTE = "4,000 of the 60,000 training images of Fashion-MNIST, and 1,000 of its 10,000 test images."


def _read() -> tuple[RawSplit, RawSplit]:
    with np.load(SAMPLE) as arrays:
        train, test = (
            RawSplit(arrays[f"{half}_labels"].astype(np.int64), [arrays[f"{half}_images"]])
            for half in ("train", "test")
        )
    return train, test


class FashionMnistSample(KnownDataSet):
    """A class-balanced part of Fashion-MNIST, embedded: 4,000 training and 1,000 test images.

    Reference: Xiao et al. 2017, arXiv:1708.07747.
    """

    name: ClassVar[str] = "fashion_mnist_sample"
    shape: ClassVar[tuple[int, int, int]] = (1, 28, 28)
    sizes: ClassVar[tuple[int, int] | None] = (4_000, 1_000)
    classes: ClassVar[tuple[str, ...]] = class_names.FASHION

    def find_in(self, root: Path) -> FoundData:  # noqa: ARG002 - the same everywhere
        """Return the embedded images."""
        return FoundData(self.name, self.spec(), files=(), read=_read, note=_NOTE)

    def fetch(
        self,
        root: Path | None = None,  # noqa: ARG002 - nothing is downloaded
        *,
        mirrors: tuple[str, ...] = (),  # noqa: ARG002
        progress: OnDownload = ignore_progress,  # noqa: ARG002
    ) -> Path:
        """Return the folder of the embedded images; nothing is downloaded."""
        return SAMPLE.parent
