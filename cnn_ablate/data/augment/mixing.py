"""CutMix and MixUp: each image of a batch is mixed with another one, and so are their targets."""

import math
from abc import abstractmethod

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from cnn_ablate.data.augment.operation import (
    Augmentation,
    Context,
    Stream,
    Targets,
    box_mask,
    height_and_width,
    to_integers,
)
from cnn_ablate.data.normalize import Pixels
from cnn_ablate.options import knob

_Weight = Float[Tensor, ""]


class Mixing(Augmentation):
    """Mix every image with another one of its batch, with one weight for the whole batch.

    The targets become class probabilities, also in batches that are not mixed.
    """

    p: float = knob(1.0, "Probability per batch of mixing.", ge=0, le=1)
    alpha: float = knob(1.0, "Both parameters of the beta distribution of the mixing weight.", gt=0)

    def apply(
        self, images: Pixels, targets: Targets, stream: Stream, context: Context
    ) -> tuple[Pixels, Float[Tensor, "n classes"]]:
        """Return the mixed images and the mixed targets."""
        numbers = stream.shared(5)
        # A batch that is not mixed gets weight 1: a branch on the host would make the GPU wait.
        weight = torch.where(numbers[0] < self.p, beta_sample(numbers[1:3], self.alpha), 1.0)
        other = stream.order()
        mixed, weight = self.mix(images, images[other], weight, numbers[3:])
        probabilities = targets if targets.ndim > 1 else to_probabilities(targets, context.classes)
        return mixed, weight * probabilities + (1 - weight) * probabilities[other]

    @abstractmethod
    def mix(
        self, images: Pixels, others: Pixels, weight: _Weight, numbers: Float[Tensor, "2"]
    ) -> tuple[Pixels, _Weight]:
        """Mix images with about this weight; return them and the exact weight of each original."""


class CutMix(Mixing):
    """Paste the same box of another image into each image; the dtype stays.

    Reference: Yun et al. 2019, equations 1 and 2.
    """

    name = "cutmix"

    def mix(
        self, images: Pixels, others: Pixels, weight: _Weight, numbers: Float[Tensor, "2"]
    ) -> tuple[Pixels, _Weight]:
        """Paste a box centred on a random pixel and cut off at the border."""
        half = ((1 - weight).sqrt() * height_and_width(images) / 2).to(torch.int64)
        inside = box_mask(images, to_integers(numbers, height_and_width(images)) - half, 2 * half)
        return torch.where(inside, others, images), 1 - inside.to(torch.float32).mean()


class MixUp(Mixing):
    """Average each image with another one; the result is float32.

    Reference: Zhang et al. 2018, equation 1.
    """

    name = "mixup"

    def mix(
        self, images: Pixels, others: Pixels, weight: _Weight, numbers: Float[Tensor, "2"]
    ) -> tuple[Pixels, _Weight]:
        """Return the weighted mean of the pixel values."""
        return images * weight + others * (1 - weight), weight


def to_probabilities(classes: Int[Tensor, " n"], count: int) -> Float[Tensor, "n {count}"]:
    """Return class probabilities of 0 and 1 (one-hot)."""
    return functional.one_hot(classes, count).to(torch.float32)


def beta_sample(numbers: Float[Tensor, "2"], alpha: float) -> _Weight:
    """Turn two uniform numbers in [0, 1) into a sample of Beta(alpha, alpha).

    By Bailey's polar method for Student's t with 2 alpha degrees of freedom, of which the beta
    variate is a function.

    Reference: Bailey 1994, "Polar generation of random variates with the t-distribution".
    """
    power = numbers[0] ** (1 / alpha)
    cos = (2 * math.pi * numbers[1]).cos()
    return (1 + cos * ((1 - power) / (power + (1 - power) * cos**2)).sqrt()).clamp(0, 2) / 2
