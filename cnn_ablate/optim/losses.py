"""Losses of logits against classes, or against class probabilities (of mixed images)."""

from abc import abstractmethod
from typing import Literal

import torch
from jaxtyping import Float, Int, Int64
from torch import Tensor, nn
from torch.nn import functional

from cnn_ablate.errors import UserError
from cnn_ablate.options import Options, knob

Targets = Int[Tensor, " n"] | Float[Tensor, "n classes"]
Counts = Int64[Tensor, " classes"]
ClassWeights = Float[Tensor, " classes"]


class LossOptions(Options):
    """The knobs that all losses share."""

    class_weights: Literal["none", "balanced"] = knob(
        "none",
        "Weight of each image by its class: 1, or in inverse proportion to the training images of "
        "its class; the mean is then weighted.",
        added_later=True,
    )

    def build(self, images_per_class: Counts) -> nn.Module:
        """Build the loss: `loss(logits, targets)` is the mean over images.

        Raises:
            UserError: the weights are balanced, and a class has no training images.
        """
        weights = None if self.class_weights == "none" else balanced_weights(images_per_class)
        return self.build_weighted(weights)

    @abstractmethod
    def build_weighted(self, weights: ClassWeights | None) -> nn.Module:
        """Build the loss with these weights of the classes; None: without weights.

        As in torch.nn.CrossEntropyLoss, the mean over images is divided by the sum of their weights
        if targets are classes, and by their number if targets are class probabilities.
        """


def balanced_weights(images_per_class: Counts) -> ClassWeights:
    """Return n / (K n_c) for each of K classes, whose mean over the n training images is 1.

    As class_weight="balanced" of scikit-learn. Reference: King and Zeng 2001.

    Raises:
        UserError: a class has no images.
    """
    if empty := (images_per_class == 0).nonzero().flatten().tolist():
        what = f"class number {empty[0]}, counted from 0, has no training images to weigh."
        raise UserError("loss.class_weights", what, "Train on more images, or set it to none.")
    return images_per_class.sum() / (len(images_per_class) * images_per_class)


class SmoothedCrossEntropy(nn.Module):
    """Cross-entropy in nats with label smoothing: `smoothing` is taken from the true class.

    With `others` it is distributed over the other classes; else over all classes, as in torch, so
    that the true class gets some of it back.

    Reference: Szegedy et al. 2016, section 7.
    """

    weights: Tensor | None

    def __init__(
        self, smoothing: float, *, others: bool, weights: ClassWeights | None = None
    ) -> None:
        super().__init__()
        self.smoothing = smoothing
        self.others = others
        self.register_buffer("weights", weights)

    def forward(self, logits: Float[Tensor, "n classes"], targets: Targets) -> Float[Tensor, ""]:
        """Return the mean over images."""
        classes = logits.shape[1]
        # s over the K - 1 others equals s K / (K - 1) over all K.
        smoothing = self.smoothing * (classes / (classes - 1) if self.others else 1)
        return functional.cross_entropy(logits, targets, self.weights, label_smoothing=smoothing)


class FocalCrossEntropy(nn.Module):
    """Cross-entropy in nats whose term of a class of probability p is multiplied by (1 - p)^gamma.

    Reference: Lin et al. 2017, "Focal loss for dense object detection", equation 4; here of the
    softmax instead of the sigmoid.
    """

    weights: Tensor | None

    def __init__(self, gamma: float, weights: ClassWeights | None = None) -> None:
        super().__init__()
        self.gamma = gamma
        self.register_buffer("weights", weights)

    def forward(self, logits: Float[Tensor, "n classes"], targets: Targets) -> Float[Tensor, ""]:
        """Return the mean over images."""
        logs = logits.log_softmax(1)
        # A power below 1 has no finite gradient at 0.
        others = (-logs.expm1()).clamp(min=torch.finfo(logs.dtype).eps)
        terms = others.pow(self.gamma) * logs
        if not targets.is_floating_point():
            return functional.nll_loss(terms, targets, self.weights)
        weighted = terms if self.weights is None else terms * self.weights
        return -(weighted * targets).sum(1).mean()


class CrossEntropy(LossOptions):
    """Cross-entropy of the softmax, with optional label smoothing."""

    # At most half: with two classes, s over the others equals 2 s over all, and 2 s <= 1.
    label_smoothing: float = knob(
        0.0, "Probability that is taken from the true class.", ge=0, le=0.5
    )
    smooth_over: Literal["all", "others"] = knob(
        "all",
        "Classes that it is distributed over: all, with the true one, or only the others.",
        unless={"label_smoothing": (0.0,)},
    )

    def build_weighted(self, weights: ClassWeights | None) -> nn.Module:
        """Build the loss with these weights of the classes."""
        others = self.smooth_over == "others"
        return SmoothedCrossEntropy(self.label_smoothing, others=others, weights=weights)


class Focal(LossOptions):
    """Focal loss: cross-entropy in which images that are classified well count less."""

    gamma: float = knob(2.0, "Power of 1 - p, where p is the probability of the class.", ge=0)

    def build_weighted(self, weights: ClassWeights | None) -> nn.Module:
        """Build the loss with these weights of the classes."""
        return FocalCrossEntropy(self.gamma, weights)
