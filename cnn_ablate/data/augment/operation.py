"""The base classes of augmentations: whole batches in and out, random numbers by named streams."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from cnn_ablate.data.normalize import Pixels
from cnn_ablate.options import Options
from cnn_ablate.rng import Draws

Targets = Int[Tensor, " n"] | Float[Tensor, "n classes"]
Colour = UInt8[Tensor, "channel 1 1"] | Float[Tensor, "channel 1 1"]
Fill = Literal["zero", "mean"]


@dataclass(frozen=True)
class Context:
    """The number of classes, and the mean that normalisation subtracts.

    The mean is in 0..255 and on the device of the images, as in a `Normalizer`.
    """

    classes: int
    mean: Float[Tensor, "channel 1 1"]


@dataclass(frozen=True)
class Stream:
    """The random numbers of one augmentation for the samples of a batch."""

    draws: Draws
    purpose: str

    def uniform(self, count: int) -> Float[Tensor, "n count"]:
        """Return `count` numbers in [0, 1) per sample; they do not depend on its batch."""
        return self.draws.uniform(self.purpose, count)

    def shared(self, count: int) -> Float[Tensor, " count"]:
        """Return `count` numbers in [0, 1) for the whole batch."""
        return self.draws.shared(self.purpose, count)

    def keys(self) -> Int[Tensor, " n"]:
        """Return 32 random bits per sample, to seed a generator with."""
        return self.draws.keys(self.purpose)

    def order(self) -> Int[Tensor, " n"]:
        """Return a random permutation of the batch."""
        return self.draws.keys(f"{self.purpose}/order").argsort()


class Augmentation(Options):
    """The knobs of one augmentation of a batch of images in 0..255 and their targets."""

    name: ClassVar[str]

    @abstractmethod
    def apply(
        self, images: Pixels, targets: Targets, stream: Stream, context: Context
    ) -> tuple[Pixels, Targets]:
        """Return the augmented images and their targets; the arguments stay unchanged."""


class ImageAugmentation(Augmentation):
    """An augmentation of single images: the result does not depend on the rest of the batch."""

    def apply(
        self, images: Pixels, targets: Targets, stream: Stream, context: Context
    ) -> tuple[Pixels, Targets]:
        """Return the transformed images, and the targets unchanged."""
        return self.transform_images(images, stream, context), targets

    @abstractmethod
    def transform_images(self, images: Pixels, stream: Stream, context: Context) -> Pixels:
        """Return the transformed images."""


def augment(
    steps: Sequence[Augmentation],
    images: Pixels,
    targets: Targets,
    draws: Draws,
    context: Context,
) -> tuple[Pixels, Targets]:
    """Apply augmentations one after the other.

    Args:
        steps: In the order of the YAML.
        images: uint8 or float32 in 0..255, not yet normalised, in any memory layout.
        targets: Classes, or class probabilities.
        draws: The random numbers of the same samples in the same order.
        context: Facts of the data set.
    """
    # Counted by name, not by position: adding a step leaves the random numbers of others as is.
    seen: Counter[str] = Counter()
    for step in steps:
        stream = Stream(draws, f"augment/{step.name}/{seen[step.name]}")
        seen[step.name] += 1
        images, targets = step.apply(images, targets, stream, context)
    return images, targets


def scale_to(numbers: Float[Tensor, "*shape"], low: float, high: float) -> Float[Tensor, "*shape"]:
    """Scale numbers in [0, 1) to [low, high)."""
    return low + numbers * (high - low)


def to_integers(
    numbers: Float[Tensor, "*shape"], bound: Int[Tensor, "#*shape"] | int
) -> Int[Tensor, "*shape"]:
    """Turn numbers in [0, 1) into integers in [0, bound)."""
    return (numbers * bound).to(torch.int64)


def height_and_width(images: Pixels) -> Int[Tensor, "2"]:
    """Return (height, width) as a tensor, made on the device: a copy would wait for it."""
    return torch.stack([torch.full((), n, device=images.device) for n in images.shape[2:]])


def box_mask(
    images: Pixels, corner: Int[Tensor, "*shape 2"], size: Int[Tensor, "*shape 2"]
) -> Bool[Tensor, "*shape height width"]:
    """Return a mask of boxes with this corner (top, left) and size (height, width)."""
    row, column = (torch.arange(n, device=images.device) for n in images.shape[2:])
    end = corner + size
    tall = (row >= corner[..., :1]) & (row < end[..., :1])
    wide = (column >= corner[..., 1:]) & (column < end[..., 1:])
    return tall[..., :, None] & wide[..., None, :]


def fill_value(fill: Fill, images: Pixels, context: Context) -> Colour:
    """Return black, or the mean, in the dtype of the images; rounded for uint8."""
    value = context.mean * (fill == "mean")
    return (value if images.is_floating_point() else value.round()).to(images.dtype)
