"""Test-time augmentation: fixed views of the test images whose predictions are averaged."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Annotated

import torch
from pydantic import Field
from torch.nn import functional

from cnn_ablate.data.augment.warp import Warp
from cnn_ablate.data.normalize import Pixels
from cnn_ablate.options import OneOf

View = Callable[[Pixels], Pixels]


def identity(images: Pixels) -> Pixels:
    """Return the images unchanged."""
    return images


def flip(images: Pixels) -> Pixels:
    """Flip horizontally."""
    return images.flip(3)


def shift(images: Pixels, *, right: int = 0, down: int = 0) -> Pixels:
    """Shift by whole pixels; the border is repeated."""
    height, width = images.shape[2:]
    rows = torch.arange(height, device=images.device).sub(down).clamp(0, height - 1)
    columns = torch.arange(width, device=images.device).sub(right).clamp(0, width - 1)
    return images.index_select(2, rows).index_select(3, columns)


def rotate(images: Pixels, *, degrees: float) -> Pixels:
    """Rotate clockwise; the border is repeated, and the result is float32."""
    zero = torch.zeros(1, device=images.device)
    warp = Warp(angle=zero + degrees, right=zero, down=zero, scale=zero + 1, shear=zero)
    grid = warp.grid(images.shape[2], images.shape[3]).expand(len(images), -1, -1, -1)
    pixels = images.to(torch.float32)
    turned = functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    return turned.clamp(0, 255)


def scale_brightness(images: Pixels, *, factor: float) -> Pixels:
    """Multiply every pixel value; the result is float32."""
    return (images * factor).clamp(0, 255)


TTA_VIEWS: Mapping[str, View] = {
    "brighter": partial(scale_brightness, factor=1.1),
    "darker": partial(scale_brightness, factor=0.9),
    "flip": flip,
    "identity": identity,
    "rotate_left": partial(rotate, degrees=-5.0),
    "rotate_right": partial(rotate, degrees=5.0),
    "shift_down": partial(shift, down=2),
    "shift_left": partial(shift, right=-2),
    "shift_right": partial(shift, right=2),
    "shift_up": partial(shift, down=-2),
}

# In YAML: a list of names of views.
TtaViews = Annotated[tuple[Annotated[str, OneOf("view", TTA_VIEWS)], ...], Field(strict=False)]


def views(names: Iterable[str]) -> list[View]:
    """Return the views of these names."""
    return [TTA_VIEWS[name] for name in names]
