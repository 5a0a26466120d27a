"""What an augmentation is: whole batches in and out, every random number from a named stream."""

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
    """What augmentations know of the data: its classes, and the mean that normalising subtracts.

    The mean is in 0..255 and on the device of the images, as a `Normalizer` has it.
    """

    classes: int
    mean: Float[Tensor, "channel 1 1"]


@dataclass(frozen=True)
class Stream:
    """The random numbers of one augmentation, for the samples of a batch."""

    draws: Draws
    purpose: str

    def uniform(self, count: int) -> Float[Tensor, "n count"]:
        """Give `count` numbers in [0, 1) a sample, the same whatever batch it is in."""
        return self.draws.uniform(self.purpose, count)

    def shared(self, count: int) -> Float[Tensor, " count"]:
        """Give `count` numbers in [0, 1) to the batch."""
        return self.draws.shared(self.purpose, count)

    def keys(self) -> Int[Tensor, " n"]:
        """Give 32 random bits a sample, to set a generator by."""
        return self.draws.keys(self.purpose)

    def order(self) -> Int[Tensor, " n"]:
        """Give a random order of the batch."""
        return self.draws.keys(f"{self.purpose}/order").argsort()


class Augmentation(Options):
    """The knobs of one augmentation of a batch of images in 0..255 and of what they show."""

    name: ClassVar[str]

    @abstractmethod
    def apply(
        self, images: Pixels, targets: Targets, stream: Stream, context: Context
    ) -> tuple[Pixels, Targets]:
        """Give the augmented images and their targets; never change those given."""


class ImageAugmentation(Augmentation):
    """An augmentation of each image by itself: its result does not depend on the batch."""

    def apply(
        self, images: Pixels, targets: Targets, stream: Stream, context: Context
    ) -> tuple[Pixels, Targets]:
        """Give the changed images and the targets as they are."""
        return self.change(images, stream, context), targets

    @abstractmethod
    def change(self, images: Pixels, stream: Stream, context: Context) -> Pixels:
        """Give the changed images."""


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
        targets: Classes, or shares of classes.
        draws: Those of the samples that the images are, in the same order.
        context: What is known of the data.
    """
    # Counted by name and not by place: with a step more or less, the others draw as before.
    seen: Counter[str] = Counter()
    for step in steps:
        stream = Stream(draws, f"augment/{step.name}/{seen[step.name]}")
        seen[step.name] += 1
        images, targets = step.apply(images, targets, stream, context)
    return images, targets


def between(numbers: Float[Tensor, "*shape"], low: float, high: float) -> Float[Tensor, "*shape"]:
    """Stretch numbers in [0, 1) to [low, high)."""
    return low + numbers * (high - low)


def below(
    numbers: Float[Tensor, "*shape"], bound: Int[Tensor, "#*shape"] | int
) -> Int[Tensor, "*shape"]:
    """Turn numbers in [0, 1) into whole numbers from 0 to below a bound."""
    return (numbers * bound).to(torch.int64)


def sides(images: Pixels) -> Int[Tensor, "2"]:
    """Give height and width, made where the images are: copying them there would wait for it."""
    return torch.stack([torch.full((), n, device=images.device) for n in images.shape[2:]])


def box(
    images: Pixels, corner: Int[Tensor, "*shape 2"], size: Int[Tensor, "*shape 2"]
) -> Bool[Tensor, "*shape height width"]:
    """Mark the pixels of boxes, given as (top, left) and (height, width), cut off at the border."""
    row, column = (torch.arange(n, device=images.device) for n in images.shape[2:])
    end = corner + size
    tall = (row >= corner[..., :1]) & (row < end[..., :1])
    wide = (column >= corner[..., 1:]) & (column < end[..., 1:])
    return tall[..., :, None] & wide[..., None, :]


def filling(fill: Fill, images: Pixels, context: Context) -> Colour:
    """Give black, or the mean, in the type of the images: for uint8 it is rounded to a level."""
    value = context.mean * (fill == "mean")
    return (value if images.is_floating_point() else value.round()).to(images.dtype)
