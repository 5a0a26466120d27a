"""Random crops of padded images."""

from typing import Literal

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from torch.nn import functional

from cnn_ablate.data.augment.operation import Context, ImageAugmentation, Stream, to_integers
from cnn_ablate.data.normalize import Pixels
from cnn_ablate.options import knob

_Windows = UInt8[Tensor, "n channel tall wide"] | Float[Tensor, "n channel tall wide"]
_MODES = {"zero": "constant", "reflect": "reflect"}


class RandomCrop(ImageAugmentation):
    """Pad on all sides, then crop a window of the original size at a random position."""

    name = "random_crop"

    padding: int = knob(4, "Pixels added on each side.", ge=1)
    mode: Literal["zero", "reflect"] = knob("zero", "Added pixels: black, or the image reflected.")

    def transform_images(self, images: Pixels, stream: Stream, context: Context) -> Pixels:
        """Crop each padded image; the dtype stays."""
        padded = functional.pad(images, [self.padding] * 4, mode=_MODES[self.mode])
        corners = to_integers(stream.uniform(2), 2 * self.padding + 1)
        return cropped(padded, corners, (images.shape[2], images.shape[3]))


def cropped(images: Pixels, corners: Int[Tensor, "n 2"], size: tuple[int, int]) -> _Windows:
    """Crop one window of (height, width) per image, at its corner (top, left)."""
    n, channels, height, width = images.shape
    tall, wide = size
    planes = torch.arange(n * channels, device=images.device).view(n, channels, 1) * height
    rows = planes + corners[:, :1, None] + torch.arange(tall, device=images.device)
    starts = rows * width + corners[:, 1:, None]
    # Every possible row of the result is a view of the flat images, so whole rows are selected:
    # 0.14 ms for 128 CIFAR images in uint8 on one core; a gather of pixels takes 0.38 ms.
    flat = images.contiguous().flatten()
    windows = flat.as_strided((flat.numel() - wide + 1, wide), (1, 1))
    return windows.index_select(0, starts.flatten()).view(n, channels, tall, wide)
