"""True and predicted classes of test images, as the files of a trial and as metrics per class."""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn_ablate.schema import ClassRow


@dataclass(frozen=True)
class ClassTable:
    """Names of classes, and per test image the true and the predicted one (n,)."""

    classes: tuple[str, ...]
    label: NDArray[np.int32]
    predicted: NDArray[np.int32]

    @property
    def accuracy(self) -> float:
        """The share of the images whose predicted class is the true one."""
        return float((self.label == self.predicted).mean())

    @property
    def npz(self) -> bytes:
        """The predictions of a trial as an .npz file; they have no probabilities."""
        file = io.BytesIO()
        np.savez_compressed(file, label=self.label, predicted=self.predicted)
        return file.getvalue()

    @property
    def rows(self) -> tuple[ClassRow, ...]:
        """Recall, precision and F1 per class."""
        n = len(self.classes)
        counts = np.bincount(self.label.astype(np.int64) * n + self.predicted, minlength=n * n)
        confusion = counts.reshape(n, n)
        columns = confusion.diagonal(), confusion.sum(1), confusion.sum(0)
        cells = zip(self.classes, *(column.tolist() for column in columns), strict=True)
        return tuple(ClassRow.of_counts(*row) for row in cells)


def class_table(true: Sequence[str], predicted: Sequence[str]) -> ClassTable:
    """Return a table of names; classes that are only predicted come last.

    So the numbers of the true classes are the same in all trials on the same images.
    """
    real = _sorted(set(true))
    classes = (*real, *_sorted(set(predicted) - set(real)))
    index = {name: i for i, name in enumerate(classes)}
    label, answer = (np.array([index[n] for n in names], np.int32) for names in (true, predicted))
    return ClassTable(classes, label, answer)


def _sorted(names: Iterable[str]) -> list[str]:
    """Sort names, with numbers in them by size."""
    return sorted(names, key=lambda name: [_rank(part) for part in re.split(r"([0-9]+)", name)])


def _rank(part: str) -> tuple[bool, int, str]:
    is_number = part.isdecimal() and part.isascii()
    return not is_number, int(part) if is_number else 0, part
