"""Erased boxes: random erasing and cutout."""

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
    box_mask,
    fill_value,
    height_and_width,
    scale_to,
    to_integers,
)
from cnn_ablate.data.normalize import Pixels
from cnn_ablate.options import knob

_FILL = "Colour of the box: black, or the mean, which normalisation maps to 0."
_Share = Annotated[float, Field(gt=0, le=1)]
_Positive = Annotated[float, Field(gt=0)]
# Shapes drawn per box until one fits into the image, as in torchvision.
_TRIES = 10


class RandomErasing(ImageAugmentation):
    """Erase a box of random size and shape.

    Reference: Zhong et al. 2020, algorithm 1, but with the logarithm of the ratio drawn uniformly,
    as in torchvision.
    """

    name = "random_erasing"

    p: float = knob(0.5, "Probability per image of erasing a box.", ge=0, le=1)
    scale: Annotated[tuple[_Share, _Share], Field(strict=False)] = knob(
        (0.02, 0.33), "Smallest and largest fraction of the image that is erased."
    )
    ratio: Annotated[tuple[_Positive, _Positive], Field(strict=False)] = knob(
        (0.3, 3.3), "Smallest and largest ratio of height to width of the box."
    )
    fill: Fill = knob("mean", _FILL)

    def transform_images(self, images: Pixels, stream: Stream, context: Context) -> Pixels:
        """Erase the boxes; the dtype stays."""
        numbers = stream.uniform(3 + 2 * _TRIES)
        size = self._size(images, numbers[:, 3:]) * (numbers[:, :1] < self.p)
        corner = to_integers(numbers[:, 1:3], height_and_width(images) - size + 1)
        inside = box_mask(images, corner, size)[:, None]
        return torch.where(inside, fill_value(self.fill, images, context), images)

    def _size(self, images: Pixels, numbers: Float[Tensor, "n tries"]) -> Int[Tensor, "n 2"]:
        """Return the first (height, width) drawn that fits into each image; (0, 0) if none does."""
        height, width = images.shape[2:]
        area = height * width * scale_to(numbers[:, :_TRIES], *self.scale)
        ratio = scale_to(numbers[:, _TRIES:], *map(math.log, self.ratio)).exp()
        sizes = torch.stack([area * ratio, area / ratio], dim=2).sqrt().round().to(torch.int64)
        fits = (sizes[..., 0] < height) & (sizes[..., 1] < width)
        first = fits & (fits.cumsum(1) == 1)
        return (sizes * first[..., None]).sum(1)


class Cutout(ImageAugmentation):
    """Erase squares of one size, centred on a random pixel and cut off at the border.

    Reference: DeVries and Taylor 2017, section 3.
    """

    name = "cutout"

    size: int = knob(16, "Side of a square in pixels.", ge=1)
    count: int = knob(1, "Squares per image.", ge=1)
    fill: Fill = knob("mean", _FILL)

    def transform_images(self, images: Pixels, stream: Stream, context: Context) -> Pixels:
        """Erase the squares; the dtype stays."""
        numbers = stream.uniform(2 * self.count).view(-1, self.count, 2)
        corner = to_integers(numbers, height_and_width(images)) - self.size // 2
        inside = box_mask(images, corner, torch.full_like(corner, self.size)).any(1, keepdim=True)
        return torch.where(inside, fill_value(self.fill, images, context), images)
