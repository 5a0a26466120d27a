"""Random crops of any size and shape, resized to the size of the image."""

import math
from typing import Annotated

import torch
from jaxtyping import Bool, Float, Int
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from cnn_ablate.data.augment.operation import (
    Context,
    ImageAugmentation,
    Stream,
    height_and_width,
    scale_to,
    to_integers,
)
from cnn_ablate.data.normalize import Pixels
from cnn_ablate.options import knob

_Share = Annotated[float, Field(gt=0, le=1)]
_Positive = Annotated[float, Field(gt=0)]
# Shapes drawn per image until one fits, as in torchvision.
_TRIES = 10


class RandomResizedCrop(ImageAugmentation):
    """Crop a window of random size, shape and position, and resize it to the original size.

    Reference: Szegedy et al. 2015, "Going deeper with convolutions", section 6, with the logarithm
    of the ratio drawn uniformly, as in torchvision.
    """

    name = "random_resized_crop"

    scale: Annotated[tuple[_Share, _Share], Field(strict=False)] = knob(
        (0.08, 1.0), "Smallest and largest fraction of the image that is cropped."
    )
    ratio: Annotated[tuple[_Positive, _Positive], Field(strict=False)] = knob(
        (3 / 4, 4 / 3), "Smallest and largest ratio of width to height of the window."
    )

    def transform_images(self, images: Pixels, stream: Stream, context: Context) -> Pixels:
        """Return the resized crops in float32."""
        corner, size = self.windows(images, stream)
        height, width = images.shape[2:]
        across = _places(corner[:, 1:], size[:, 1:], width)[:, None, :].expand(-1, height, -1)
        along = _places(corner[:, :1], size[:, :1], height)[:, :, None].expand(-1, -1, width)
        grid = torch.stack([across, along], dim=3)
        floats = images.to(torch.float32)
        resized = functional.grid_sample(floats, grid, padding_mode="border", align_corners=False)
        return resized.clamp(0, 255)

    def windows(
        self, images: Pixels, stream: Stream
    ) -> tuple[Int[Tensor, "n 2"], Int[Tensor, "n 2"]]:
        """Return the corner (top, left) and the size (height, width) of each window.

        If no shape that was drawn fits, it is the centre of the image, cut to the nearest ratio.
        """
        numbers = stream.uniform(2 + 2 * _TRIES)
        drawn, fits = self._first_fit(images, numbers[:, 2:])
        size = torch.where(fits, drawn, self._largest(images))
        left_over = height_and_width(images) - size
        corner = to_integers(numbers[:, :2], left_over + 1)
        return torch.where(fits, corner, left_over // 2), size

    def _first_fit(
        self, images: Pixels, numbers: Float[Tensor, "n tries"]
    ) -> tuple[Int[Tensor, "n 2"], Bool[Tensor, "n 1"]]:
        """Return the first (height, width) drawn that fits into each image, and whether one did."""
        height, width = images.shape[2:]
        area = height * width * scale_to(numbers[:, :_TRIES], *self.scale)
        ratio = scale_to(numbers[:, _TRIES:], *map(math.log, self.ratio)).exp()
        sizes = torch.stack([area / ratio, area * ratio], dim=2).sqrt().round().to(torch.int64)
        fits = (sizes > 0).all(2) & (sizes[..., 0] <= height) & (sizes[..., 1] <= width)
        first = fits & (fits.cumsum(1) == 1)
        return (sizes * first[..., None]).sum(1), fits.any(1, keepdim=True)

    def _largest(self, images: Pixels) -> Int[Tensor, "2"]:
        """Return the (height, width) of the image, cut to the nearest ratio."""
        height, width = images.shape[2:]
        lowest, highest = self.ratio
        sides = (min(height, round(width / lowest)), min(width, round(height * highest)))
        return torch.stack([torch.full((), max(1, n), device=images.device) for n in sides])


def _places(
    start: Int[Tensor, "n 1"], length: Int[Tensor, "n 1"], side: int
) -> Float[Tensor, "n side"]:
    """Return where the pixels of a resized axis come from, as `grid_sample` takes it.

    Not beyond the centres of the window's outer pixels, so that nothing outside enters.
    """
    pixel = torch.arange(side, device=start.device) + 0.5
    inside = (pixel * length / side).maximum(torch.full_like(pixel, 0.5)).minimum(length - 0.5)
    return (start + inside) * (2 / side) - 1
