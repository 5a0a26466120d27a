"""RandAugment and TrivialAugment: operations drawn at random, per image."""

from collections.abc import Callable, Mapping
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from cnn_ablate.data.augment.image_operations import OPERATIONS
from cnn_ablate.data.augment.operation import (
    Context,
    Fill,
    ImageAugmentation,
    Stream,
    fill_value,
    to_integers,
)
from cnn_ablate.data.normalize import Pixels
from cnn_ablate.options import knob

# Magnitudes are 0 to 30, as in both papers.
_GREATEST = 30
_FILL = "Colour outside of the image: black, or the mean, which normalisation maps to 0."

_Numbers = Float[Tensor, " n"]
Strength = Callable[[_Numbers, _Numbers, torch.Size], _Numbers]
"""Returns strengths from levels in 0..1, signs of -1 or 1, and the shape of the images."""


def _signed(greatest: float) -> Strength:
    return lambda level, sign, _: level * sign * greatest


def _share(greatest: float, axis: int) -> Strength:
    """Return strengths in pixels, up to a share of a side of the images."""
    return lambda level, sign, shape: level * sign * greatest * shape[axis]


def _bits(greatest: float) -> Strength:
    """Return the number of bits that are kept of 8."""
    return lambda level, _, __: (8 - level * greatest).round()


def _strengths(shear: float, angle: float, enhance: float, bits: float) -> dict[str, Strength]:
    """Return the strengths of all operations but the two shifts."""
    enhanced = dict.fromkeys(("Brightness", "Color", "Contrast", "Sharpness"), _signed(enhance))
    unused = dict.fromkeys(("Identity", "AutoContrast", "Equalize"), _signed(0.0))
    return {
        "ShearX": _signed(shear),
        "ShearY": _signed(shear),
        "Rotate": _signed(angle),
        "Posterize": _bits(bits),
        "Solarize": lambda level, _, __: 1 - level,
        **enhanced,
        **unused,
    }


class DrawnOperations(ImageAugmentation):
    """Apply operations that are drawn per image, all equally likely."""

    strengths: ClassVar[Mapping[str, Strength]]

    fill: Fill = knob("zero", _FILL)

    def apply_drawn(
        self,
        images: Float[Tensor, "n channel height width"],
        numbers: Float[Tensor, "n 3"],
        fill: Float[Tensor, "#channel 1 1"],
    ) -> Float[Tensor, "n channel height width"]:
        """Apply one operation per image, drawn by its numbers: operation, level in 0..1, sign.

        Images of the same operation are transformed together; on a GPU, it waits for their numbers.
        """
        choice, level, sign = numbers.unbind(1)
        drawn = to_integers(choice, len(OPERATIONS))
        sign = torch.where(sign < 1 / 2, -1.0, 1.0)
        changed = images.clone()
        for number, (name, operation) in enumerate(OPERATIONS.items()):
            rows = (drawn == number).nonzero().flatten()
            strength = self.strengths[name](level[rows], sign[rows], images.shape)
            if len(rows):
                changed[rows] = operation(images[rows], strength, fill)
        return changed


class RandAugment(DrawnOperations):
    """Apply some operations, each drawn from 14, all of one magnitude.

    Reference: Cubuk et al. 2020, "RandAugment"; operations and strengths are torchvision's.
    """

    name = "rand_augment"
    strengths: ClassVar[Mapping[str, Strength]] = {
        **_strengths(shear=0.3, angle=30.0, enhance=0.9, bits=4.0),
        "TranslateX": _share(150 / 331, axis=3),
        "TranslateY": _share(150 / 331, axis=2),
    }

    operations: int = knob(2, "Operations per image, one after the other.", ge=1, le=10)
    magnitude: int = knob(9, "Magnitude of all operations, at most 30.", ge=0, le=_GREATEST)

    def transform_images(self, images: Pixels, stream: Stream, context: Context) -> Pixels:
        """Return the transformed images; the dtype stays."""
        changed = images.to(torch.float32).round()
        fill = fill_value(self.fill, changed, context).round()
        numbers = stream.uniform(3 * self.operations).view(-1, self.operations, 3)
        numbers[:, :, 1] = self.magnitude / _GREATEST
        for operation in numbers.unbind(1):
            changed = self.apply_drawn(changed, operation, fill)
        return changed.to(images.dtype)


class TrivialAugment(DrawnOperations):
    """Apply one operation per image, drawn from 14, of a magnitude drawn from 0 to 30.

    Reference: Müller and Hutter 2021, "TrivialAugment"; operations and strengths are those of
    torchvision's TrivialAugmentWide.
    """

    name = "trivial_augment"
    strengths: ClassVar[Mapping[str, Strength]] = {
        **_strengths(shear=0.99, angle=135.0, enhance=0.99, bits=6.0),
        "TranslateX": _signed(32.0),
        "TranslateY": _signed(32.0),
    }

    def transform_images(self, images: Pixels, stream: Stream, context: Context) -> Pixels:
        """Return the transformed images; the dtype stays."""
        changed = images.to(torch.float32).round()
        fill = fill_value(self.fill, changed, context).round()
        numbers = stream.uniform(3)
        numbers[:, 1] = to_integers(numbers[:, 1], _GREATEST + 1) / _GREATEST
        return self.apply_drawn(changed, numbers, fill).to(images.dtype)
