"""The images of a data set that variants use, with digests and names, for checks of images."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
import torch
from jaxtyping import Bool, Int64, UInt8
from torch import Tensor

from cnn_ablate.data import Images
from cnn_ablate.data.split import Split
from cnn_ablate.schema import Finding

Pixels = UInt8[Tensor, "n channel height width"]
# Pixels that are looked at together.
_PIXELS = 2**24


@dataclass(frozen=True)
class ChosenImages:
    """Some images of a data set, copied only as they are looked at: all may not fit in memory."""

    pixels: Pixels
    index: Int64[Tensor, " chosen"]

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, places: Int64[np.ndarray, " places"]) -> Pixels:
        return self.pixels[self.index[torch.from_numpy(places)]]

    @property
    def at_once(self) -> int:
        """How many images are looked at together."""
        return max(1, _PIXELS // self.pixels[0].numel())

    def chunks(self) -> Iterator[Pixels]:
        """Yield them in order, some at a time, each time in the same memory."""
        buffer = self.pixels.new_empty(self.at_once, *self.pixels.shape[1:])
        for part in torch.split(self.index, self.at_once):
            yield torch.index_select(self.pixels, 0, part, out=buffer[: len(part)])

    @property
    def blank(self) -> Bool[np.ndarray, " chosen"]:
        """Which of them have one value in all pixels."""
        flat = (part.flatten(1) for part in self.chunks())
        return np.concatenate([(part.amax(1) == part.amin(1)).numpy() for part in flat])


@dataclass(frozen=True)
class UsedImages:
    """A data set, and the images of it that some variants use."""

    name: str
    images: Images
    selected: Split

    @cached_property
    def seen(self) -> Int64[Tensor, " n"]:
        """Indices of the training and validation images."""
        return torch.cat([self.selected.train, self.selected.val])

    @property
    def training_images(self) -> ChosenImages:
        """The images that are trained on."""
        return ChosenImages(self.images.train, self.selected.train)

    @property
    def seen_images(self) -> ChosenImages:
        """The training and validation images."""
        return ChosenImages(self.images.train, self.seen)

    @property
    def test_images(self) -> ChosenImages:
        """The images that are tested on."""
        return ChosenImages(self.images.test, self.selected.test)

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
