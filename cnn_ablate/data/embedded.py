"""The data set that comes with the program, so that every study can be tried at once."""

from pathlib import Path
from typing import ClassVar

import numpy as np

from cnn_ablate.data import class_names
from cnn_ablate.data.dataset import Arriving, KnownDataSet, Part, Source, unseen

SAMPLE = Path(__file__).parent / "sample" / "fashion_mnist_sample.npz"


def _read() -> tuple[Part, Part]:
    with np.load(SAMPLE) as arrays:
        train, test = (
            Part(arrays[f"{part}_labels"].astype(np.int64), [arrays[f"{part}_images"]])
            for part in ("train", "test")
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

    def find_in(self, place: Path) -> Source:  # noqa: ARG002 - the same everywhere
        """Give the embedded images."""
        return Source(self.name, self.form(), files=(), read=_read)

    def fetch(
        self,
        root: Path | None = None,  # noqa: ARG002 - nothing is fetched
        *,
        mirrors: tuple[str, ...] = (),  # noqa: ARG002
        progress: Arriving = unseen,  # noqa: ARG002
    ) -> Path:
        """Fetch nothing: the images are here."""
        return SAMPLE.parent
