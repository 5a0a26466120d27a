"""Views of test images whose predictions are averaged: fixed changes, nothing random."""

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


def identical(images: Pixels) -> Pixels:
    """Leave the images as they are."""
    return images


def flipped(images: Pixels) -> Pixels:
    """Swap left and right."""
    return images.flip(3)


def shifted(images: Pixels, *, right: int = 0, down: int = 0) -> Pixels:
    """Move the images by whole pixels, the border repeated."""
    height, width = images.shape[2:]
    rows = torch.arange(height, device=images.device).sub(down).clamp(0, height - 1)
    columns = torch.arange(width, device=images.device).sub(right).clamp(0, width - 1)
    return images.index_select(2, rows).index_select(3, columns)


def rotated(images: Pixels, *, degrees: float) -> Pixels:
    """Turn the images clockwise, the border repeated; the result is float32."""
    zero = torch.zeros(1, device=images.device)
    warp = Warp(angle=zero + degrees, right=zero, down=zero, scale=zero + 1, shear=zero)
    grid = warp.grid(images.shape[2], images.shape[3]).expand(len(images), -1, -1, -1)
    levels = images.to(torch.float32)
    turned = functional.grid_sample(levels, grid, padding_mode="border", align_corners=False)
    return turned.clamp(0, 255)


def brightened(images: Pixels, *, factor: float) -> Pixels:
    """Multiply every level; the result is float32."""
    return (images * factor).clamp(0, 255)


TTA_VIEWS: Mapping[str, View] = {
    "brighter": partial(brightened, factor=1.1),
    "darker": partial(brightened, factor=0.9),
    "flip": flipped,
    "identity": identical,
    "rotate_left": partial(rotated, degrees=-5.0),
    "rotate_right": partial(rotated, degrees=5.0),
    "shift_down": partial(shifted, down=2),
    "shift_left": partial(shifted, right=-2),
    "shift_right": partial(shifted, right=2),
    "shift_up": partial(shifted, down=-2),
}

# In YAML: a list of names of views.
TtaViews = Annotated[tuple[Annotated[str, OneOf("view", TTA_VIEWS)], ...], Field(strict=False)]


def views(names: Iterable[str]) -> list[View]:
    """Give the views of these names."""
    return [TTA_VIEWS[name] for name in names]
