"""Normalisation of pixels: named means and standard deviations, and tensors that apply them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from jaxtyping import Float, UInt8
from pydantic import BeforeValidator, Field, PlainSerializer, TypeAdapter, WithJsonSchema
from torch import Tensor

from cnn_ablate.errors import UserError
from cnn_ablate.options import OneOf
from cnn_ablate.schema import Frozen

Pixels = UInt8[Tensor, "n channel height width"] | Float[Tensor, "n channel height width"]

_Means = Annotated[tuple[float, ...], Field(strict=False)]
_Deviations = Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(strict=False)]


@dataclass(frozen=True)
class Normalizer:
    """Mean and standard deviation per channel, in 0..255, on the device of the images."""

    mean: Float[Tensor, "channel 1 1"]
    std: Float[Tensor, "channel 1 1"]

    def __call__(self, images: Pixels) -> Float[Tensor, "n channel height width"]:
        """Normalise images in 0..255 to float32 of about mean 0 and standard deviation 1."""
        return (images - self.mean).div_(self.std)


class Normalization(Frozen):
    """Means and standard deviations of pixels in 0..1: one per channel, or one for all."""

    mean: _Means
    std: _Deviations

    def build(self, channels: int, *, device: torch.device | str = "cpu") -> Normalizer:
        """Build the normalizer on a device, for images of this number of channels.

        Raises:
            UserError: the values are for another number of channels.
        """
        for values in (self.mean, self.std):
            if len(values) not in {1, channels}:
                raise UserError(
                    "data.normalize",
                    f"{len(values)} values for images of {channels} channels.",
                    "Write one value, or one per channel.",
                )
        return Normalizer(*(_in_pixel_range(v, channels, device) for v in (self.mean, self.std)))


def _in_pixel_range(
    values: tuple[float, ...], channels: int, device: torch.device | str
) -> Float[Tensor, "channel 1 1"]:
    return (torch.tensor(values, device=device) * 255).expand(channels)[:, None, None]


NORMALIZATIONS: Mapping[str, Normalization] = {
    # Standard deviations averaged over images, as is widely copied; those of all pixels are in
    # cifar10_true.
    "cifar10": Normalization(mean=(0.4914, 0.4822, 0.4465), std=(0.2023, 0.1994, 0.2010)),
    "cifar10_true": Normalization(mean=(0.4914, 0.4822, 0.4465), std=(0.2471, 0.2435, 0.2616)),
    "cifar100": Normalization(mean=(0.5071, 0.4865, 0.4409), std=(0.2673, 0.2564, 0.2762)),
    "fashion_mnist": Normalization(mean=(0.2860,), std=(0.3530,)),
    "half": Normalization(mean=(0.5,), std=(0.5,)),
    "kmnist": Normalization(mean=(0.1918,), std=(0.3483,)),
    "mnist": Normalization(mean=(0.1307,), std=(0.3081,)),
    "none": Normalization(mean=(0.0,), std=(1.0,)),
    "svhn": Normalization(mean=(0.4377, 0.4438, 0.4728), std=(0.1980, 0.2010, 0.1970)),
}

_NAME = TypeAdapter(Annotated[str, OneOf("normalization", NORMALIZATIONS)])

_NUMBERS = Normalization.model_json_schema()


def _read(written: Any) -> Any:
    return NORMALIZATIONS[_NAME.validate_python(written)] if isinstance(written, str) else written


def _written(normalization: Normalization) -> str | dict[str, Any]:
    names = (name for name, known in NORMALIZATIONS.items() if known == normalization)
    return next(names, normalization.model_dump())


# In YAML: a known name, or {mean: [...], std: [...]}; serialised as the name if there is one.
Normalize = Annotated[
    Normalization,
    BeforeValidator(_read),
    PlainSerializer(_written),
    WithJsonSchema(
        {"anyOf": [_NAME.json_schema(), _NUMBERS], "properties": _NUMBERS["properties"]}
    ),
]
