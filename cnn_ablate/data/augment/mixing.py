"""Batches mixed with themselves in another order: images and, in the same shares, their targets."""

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
    below,
    box,
    sides,
)
from cnn_ablate.data.normalize import Pixels
from cnn_ablate.options import knob

_Share = Float[Tensor, ""]


class Mixing(Augmentation):
    """Mix every image of a batch with another one of it, in one share for the whole batch.

    The targets become shares of classes, in batches that are left alone too.
    """

    p: float = knob(1.0, "Probability of a batch to be mixed.", ge=0, le=1)
    alpha: float = knob(1.0, "Both parameters of the beta distribution of the share.", gt=0)

    def apply(
        self, images: Pixels, targets: Targets, stream: Stream, context: Context
    ) -> tuple[Pixels, Float[Tensor, "n classes"]]:
        """Give the mixed images and the mixed targets."""
        numbers = stream.shared(5)
        # Drawn as a share of 1 rather than asked on the host, which a GPU would have to wait for.
        share = torch.where(numbers[0] < self.p, beta(numbers[1:3], self.alpha), 1.0)
        other = stream.order()
        mixed, share = self.mix(images, images[other], share, numbers[3:])
        shares = targets if targets.ndim > 1 else one_hot(targets, context.classes)
        return mixed, share * shares + (1 - share) * shares[other]

    @abstractmethod
    def mix(
        self, images: Pixels, others: Pixels, share: _Share, numbers: Float[Tensor, "2"]
    ) -> tuple[Pixels, _Share]:
        """Mix images in about the given share; give them and the share that was kept of each."""


class CutMix(Mixing):
    """Paste the same box of another image into each; the type of the images stays.

    Reference: Yun et al. 2019, equations 1 and 2.
    """

    name = "cutmix"

    def mix(
        self, images: Pixels, others: Pixels, share: _Share, numbers: Float[Tensor, "2"]
    ) -> tuple[Pixels, _Share]:
        """Paste a box centred on any pixel and cut off at the border."""
        half = ((1 - share).sqrt() * sides(images) / 2).to(torch.int64)
        inside = box(images, below(numbers, sides(images)) - half, 2 * half)
        return torch.where(inside, others, images), 1 - inside.to(torch.float32).mean()


class MixUp(Mixing):
    """Lay another image over each; the result is float32.

    Reference: Zhang et al. 2018, equation 1.
    """

    name = "mixup"

    def mix(
        self, images: Pixels, others: Pixels, share: _Share, numbers: Float[Tensor, "2"]
    ) -> tuple[Pixels, _Share]:
        """Average the levels."""
        return images * share + others * (1 - share), share


def one_hot(classes: Int[Tensor, " n"], count: int) -> Float[Tensor, "n {count}"]:
    """Turn classes into shares of classes."""
    return functional.one_hot(classes, count).to(torch.float32)


def beta(numbers: Float[Tensor, "2"], alpha: float) -> _Share:
    """Turn two numbers in [0, 1) into one of the distribution Beta(alpha, alpha).

    By Bailey's polar method for Student's t with 2 alpha degrees of freedom, of which the beta
    is a function.

    Reference: Bailey 1994, "Polar generation of random variates with the t-distribution".
    """
    power = numbers[0] ** (1 / alpha)
    cos = (2 * math.pi * numbers[1]).cos()
    return (1 + cos * ((1 - power) / (power + (1 - power) * cos**2)).sqrt()).clamp(0, 2) / 2
