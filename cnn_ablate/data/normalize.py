"""Normalisation of pixels: named means and standard deviations, and tensors that apply them."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Annotated, Any

import torch
from jaxtyping import Float, Int64, UInt8
from pydantic import Field, PlainSerializer, PlainValidator, TypeAdapter, WithJsonSchema
from torch import Tensor

from cnn_ablate.errors import UserError
from cnn_ablate.options import OneOf
from cnn_ablate.schema import Frozen

Pixels = UInt8[Tensor, "n channel height width"] | Float[Tensor, "n channel height width"]

# Bytes of images whose pixels are counted at once.
_CHUNK = 1 << 22
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

    def of(self, images: Pixels, chosen: Int64[Tensor, " k"]) -> "Normalization":  # noqa: ARG002
        """Return these values, whatever the training images."""
        return self

    def check(self, channels: int) -> None:
        """Check that there is one value, or one per channel; raises UserError."""
        for values in (self.mean, self.std):
            if len(values) not in {1, channels}:
                raise UserError(
                    "data.normalize",
                    f"{len(values)} values for images of {channels} channels.",
                    "Write one value, or one per channel.",
                )

    def build(self, channels: int, *, device: torch.device | str = "cpu") -> Normalizer:
        """Build the normalizer on a device, for images of this number of channels.

        Raises:
            UserError: the values are for another number of channels.
        """
        self.check(channels)
        return Normalizer(*(_in_pixel_range(v, channels, device) for v in (self.mean, self.std)))


class TrainingNormalization(Frozen):
    """The mean and standard deviation per channel of the images that a trial trains on."""

    def of(
        self, images: UInt8[Tensor, "n channel height width"], chosen: Int64[Tensor, " k"]
    ) -> Normalization:
        """Compute them over all pixels of the chosen images, before augmentation.

        Of N pixels v in 0..255 they are mean = sum(v) / N and sqrt(sum(v^2) / N - mean^2), divided
        by 255. The sums are exact integers.

        Raises:
            UserError: all pixels of a channel have one value.
        """
        counts = _count_values(images, chosen)
        pixels, total, squares = (
            (counts * torch.arange(256) ** power).sum(1).tolist() for power in (0, 1, 2)
        )
        variances = [n * q - s**2 for n, s, q in zip(pixels, total, squares, strict=True)]
        if 0 in variances:
            what = f"all training images have one value in channel {variances.index(0) + 1}."
            raise UserError("data.normalize", what, "Write numbers, or one of the known names.")
        return Normalization(
            mean=tuple(s / n / 255 for n, s in zip(pixels, total, strict=True)),
            std=tuple(sqrt(v) / n / 255 for n, v in zip(pixels, variances, strict=True)),
        )

    def check(self, channels: int) -> None:
        """Accept any number of channels."""


def _count_values(
    images: UInt8[Tensor, "n channel height width"], chosen: Int64[Tensor, " k"]
) -> Int64[Tensor, "channel 256"]:
    """Count how often each of 256 values occurs, per channel, in chunks of few megabytes."""
    counts = torch.zeros(images.shape[1], 256, dtype=torch.int64)
    for part in torch.split(chosen, max(1, _CHUNK // images[0].numel())):
        for channel, values in enumerate(images[part].unbind(1)):
            counts[channel] += torch.bincount(values.flatten(), minlength=256)
    return counts


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

TRAINING = "training"
_NAME = TypeAdapter(Annotated[str, OneOf("normalization", {*NORMALIZATIONS, TRAINING})])

_NUMBERS = Normalization.model_json_schema()


def _read(written: Any) -> Normalization | TrainingNormalization:
    if isinstance(written, TrainingNormalization):
        return written
    if not isinstance(written, str):
        return Normalization.model_validate(written)
    name = _NAME.validate_python(written)
    return TrainingNormalization() if name == TRAINING else NORMALIZATIONS[name]


def _written(normalization: Normalization | TrainingNormalization) -> str | dict[str, Any]:
    if isinstance(normalization, TrainingNormalization):
        return TRAINING
    names = (name for name, known in NORMALIZATIONS.items() if known == normalization)
    return next(names, normalization.model_dump())


# In YAML: a known name, or {mean: [...], std: [...]}; serialised as the name if there is one.
Normalize = Annotated[
    Normalization | TrainingNormalization,
    PlainValidator(_read),
    PlainSerializer(_written),
    WithJsonSchema(
        {"anyOf": [_NAME.json_schema(), _NUMBERS], "properties": _NUMBERS["properties"]}
    ),
]
