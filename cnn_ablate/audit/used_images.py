"""The images of a data set that variants use, with digests and names, for checks of images."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import torch
from jaxtyping import Int64
from torch import Tensor

from cnn_ablate.data import Images
from cnn_ablate.data.split import Split
from cnn_ablate.schema import Finding


@dataclass(frozen=True)
class UsedImages:
    """A data set, and the images of it that some variants use."""

    images: Images
    selected: Split

    @property
    def name(self) -> str:
        """The name of the data set."""
        return self.images.facts.name

    @cached_property
    def seen(self) -> Int64[Tensor, " n"]:
        """Indices of the training and validation images."""
        return torch.cat([self.selected.train, self.selected.val])

    @cached_property
    def seen_digests(self) -> list[bytes]:
        """SHA-256 of the pixels of each training and validation image."""
        return [digest(self.images.train[index]) for index in self.seen.tolist()]

    @property
    def train_digests(self) -> list[bytes]:
        """SHA-256 of the pixels of each training image."""
        return self.seen_digests[: len(self.selected.train)]

    @cached_property
    def test_digests(self) -> list[bytes]:
        """SHA-256 of the pixels of each test image."""
        return [digest(self.images.test[index]) for index in self.selected.test.tolist()]

    @property
    def seen_names(self) -> list[str]:
        """The file of each training and validation image, or else its number."""
        names = self.images.train_names
        return [names[i] if names else f"training image {i}" for i in self.seen.tolist()]

    @property
    def test_names(self) -> list[str]:
        """The file of each test image, or else its number."""
        names = self.images.test_names
        return [names[i] if names else f"test image {i}" for i in self.selected.test.tolist()]

    @property
    def seen_labels(self) -> list[int]:
        """The class of each training and validation image."""
        return [int(label) for label in self.images.train_labels[self.seen]]

    @property
    def test_labels(self) -> list[int]:
        """The class of each test image."""
        return [int(label) for label in self.images.test_labels[self.selected.test]]


def distinct_findings(
    selections: Iterable[UsedImages], *checks: Callable[[UsedImages], Iterator[Finding]]
) -> Iterator[Finding]:
    """Apply checks to each selection of images; yield equal findings once."""
    findings: list[Finding] = []
    for used in selections:
        for check in checks:
            findings += (finding for finding in check(used) if finding not in findings)
    return iter(findings)


def digest(tensor: Tensor) -> bytes:
    """Return the SHA-256 of the bits of a tensor."""
    return sha256(tensor.contiguous().numpy().data).digest()
