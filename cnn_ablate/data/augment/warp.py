"""Random rotations and other affine transformations."""

from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from cnn_ablate.data.augment.operation import (
    Context,
    Fill,
    ImageAugmentation,
    Stream,
    fill_value,
    scale_to,
)
from cnn_ablate.data.normalize import Pixels
from cnn_ablate.options import knob

_Numbers = Float[Tensor, " n"]
_Positive = Annotated[float, Field(gt=0)]
_FILL = "Colour outside of the image: black, or the mean, which normalisation maps to 0."
_INTERPOLATION = "Interpolation between pixels."
Interpolation = Literal["bilinear", "nearest"]


@dataclass(frozen=True)
class Warp:
    """One affine transformation per image about its centre: shear, scale, rotate, then shift.

    Angles are in degrees, clockwise; shifts in pixels, to the right and down.
    """

    angle: _Numbers
    right: _Numbers
    down: _Numbers
    scale: _Numbers
    shear: _Numbers

    def grid(self, height: int, width: int) -> Float[Tensor, "n height width 2"]:
        """Return the source position of each pixel, as `grid_sample` takes it."""
        device = self.angle.device
        cos, sin, slope = (
            part[:, None, None]
            for part in (
                self.angle.deg2rad().cos() / self.scale,
                self.angle.deg2rad().sin() / self.scale,
                self.shear.deg2rad().tan(),
            )
        )
        across = torch.arange(width, device=device) - (width - 1) / 2 - self.right[:, None, None]
        along = torch.arange(height, device=device)[:, None] - (height - 1) / 2
        along = along - self.down[:, None, None]
        y = cos * along - sin * across
        x = cos * across + sin * along + slope * y
        return torch.stack([x * (2 / width), y * (2 / height)], dim=3)


def apply_warp(
    images: Float[Tensor, "n channel height width"],
    warp: Warp,
    *,
    fill: Float[Tensor, "#channel 1 1"],
    interpolation: Interpolation = "bilinear",
) -> Float[Tensor, "n channel height width"]:
    """Transform images; the colour outside of them is `fill`."""
    grid = warp.grid(images.shape[2], images.shape[3])
    inside = functional.grid_sample(images - fill, grid, interpolation, align_corners=False)
    return (inside + fill).clamp(0, 255)


class Affine(ImageAugmentation):
    """Rotate, shift, scale and shear, each by its own random number."""

    name = "affine"

    degrees: float = knob(10.0, "Largest rotation to either side, in degrees.", ge=0, le=180)
    translate: float = knob(
        0.1,
        "Largest shift along each axis, as a fraction of the image; in whole pixels.",
        ge=0,
        le=1,
    )
    scale: Annotated[tuple[_Positive, _Positive], Field(strict=False)] = knob(
        (0.9, 1.1), "Smallest and largest scale."
    )
    shear: float = knob(0.0, "Largest horizontal shear to either side, in degrees.", ge=0, lt=90)
    fill: Fill = knob("zero", _FILL)
    interpolation: Interpolation = knob("bilinear", _INTERPOLATION)

    def transform_images(self, images: Pixels, stream: Stream, context: Context) -> Pixels:
        """Return the transformed images in float32."""
        images = images.to(torch.float32)
        fill = fill_value(self.fill, images, context)
        warp = self._random_warp(stream, images.shape[2], images.shape[3])
        return apply_warp(images, warp, fill=fill, interpolation=self.interpolation)

    def _random_warp(self, stream: Stream, height: int, width: int) -> Warp:
        angle, right, down, scale, shear = stream.uniform(5).unbind(1)
        return Warp(
            angle=scale_to(angle, -self.degrees, self.degrees),
            right=(scale_to(right, -self.translate, self.translate) * width).round(),
            down=(scale_to(down, -self.translate, self.translate) * height).round(),
            scale=scale_to(scale, *self.scale),
            shear=scale_to(shear, -self.shear, self.shear),
        )


class Rotation(ImageAugmentation):
    """Rotate about the centre."""

    name = "rotation"

    degrees: float = knob(15.0, "Largest rotation to either side, in degrees.", ge=0, le=180)
    fill: Fill = knob("zero", _FILL)
    interpolation: Interpolation = knob("bilinear", _INTERPOLATION)

    def transform_images(self, images: Pixels, stream: Stream, context: Context) -> Pixels:
        """Return the rotated images in float32."""
        knobs = self.model_dump()
        return Affine(translate=0.0, scale=(1.0, 1.0), **knobs).transform_images(
            images, stream, context
        )
