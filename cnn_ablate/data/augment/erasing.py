"""Boxes wiped out of images."""

import math
from typing import Annotated

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor

from cnn_ablate.data.augment.operation import (
    Context,
    Fill,
    ImageAugmentation,
    Stream,
    below,
    between,
    box,
    filling,
    sides,
)
from cnn_ablate.data.normalize import Pixels
from cnn_ablate.options import knob

_FILL = "Colour of the box: black, or the mean that normalising turns into 0."
_Share = Annotated[float, Field(gt=0, le=1)]
_Positive = Annotated[float, Field(gt=0)]
# Shapes drawn for each box until one fits into the image, as torchvision does.
_TRIES = 10


class RandomErasing(ImageAugmentation):
    """Wipe out a box of random size and shape.

    Reference: Zhong et al. 2020, algorithm 1, but with the logarithm of the ratio drawn evenly, as
    torchvision draws it.
    """

    name = "random_erasing"

    p: float = knob(0.5, "Probability of an image to lose a box.", ge=0, le=1)
    scale: Annotated[tuple[_Share, _Share], Field(strict=False)] = knob(
        (0.02, 0.33), "Smallest and largest share of the image that is wiped out."
    )
    ratio: Annotated[tuple[_Positive, _Positive], Field(strict=False)] = knob(
        (0.3, 3.3), "Smallest and largest height over width of the box."
    )
    fill: Fill = knob("mean", _FILL)

    def change(self, images: Pixels, stream: Stream, context: Context) -> Pixels:
        """Wipe out the boxes; the type of the images stays."""
        numbers = stream.uniform(3 + 2 * _TRIES)
        size = self._size(images, numbers[:, 3:]) * (numbers[:, :1] < self.p)
        corner = below(numbers[:, 1:3], sides(images) - size + 1)
        inside = box(images, corner, size)[:, None]
        return torch.where(inside, filling(self.fill, images, context), images)

    def _size(self, images: Pixels, numbers: Float[Tensor, "n tries"]) -> Int[Tensor, "n 2"]:
        """Give the first (height, width) that fits into each image, or none: (0, 0)."""
        height, width = images.shape[2:]
        area = height * width * between(numbers[:, :_TRIES], *self.scale)
        ratio = between(numbers[:, _TRIES:], *map(math.log, self.ratio)).exp()
        sizes = torch.stack([area * ratio, area / ratio], dim=2).sqrt().round().to(torch.int64)
        fits = (sizes[..., 0] < height) & (sizes[..., 1] < width)
        first = fits & (fits.cumsum(1) == 1)
        return (sizes * first[..., None]).sum(1)


class Cutout(ImageAugmentation):
    """Wipe out squares of one size, centred on any pixel and cut off at the border.

    Reference: DeVries and Taylor 2017, section 3.
    """

    name = "cutout"

    size: int = knob(16, "Side of a square in pixels.", ge=1)
    count: int = knob(1, "Squares in an image.", ge=1)
    fill: Fill = knob("mean", _FILL)

    def change(self, images: Pixels, stream: Stream, context: Context) -> Pixels:
        """Wipe out the squares; the type of the images stays."""
        numbers = stream.uniform(2 * self.count).view(-1, self.count, 2)
        corner = below(numbers, sides(images)) - self.size // 2
        inside = box(images, corner, torch.full_like(corner, self.size)).any(1, keepdim=True)
        return torch.where(inside, filling(self.fill, images, context), images)
