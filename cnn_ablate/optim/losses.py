"""Losses of logits against classes, or against shares of classes as mixed images have them."""

from abc import abstractmethod
from typing import Literal

from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from cnn_ablate.options import Options, knob

Targets = Int[Tensor, " n"] | Float[Tensor, "n classes"]


class LossOptions(Options):
    """The knobs of a loss."""

    @abstractmethod
    def build(self) -> nn.Module:
        """Build the loss: `loss(logits, targets)`, the mean over images."""


class SmoothedCrossEntropy(nn.Module):
    """Cross-entropy in nats after `smoothing` of the target is taken from the true class.

    With `others`, that share is spread over the other classes; else over all of them, as torch
    does, so that the true class gets some of it back.
    """

    def __init__(self, smoothing: float, *, others: bool) -> None:
        super().__init__()
        self.smoothing = smoothing
        self.others = others

    def forward(self, logits: Float[Tensor, "n classes"], targets: Targets) -> Float[Tensor, ""]:
        """Give the mean over images."""
        classes = logits.shape[1]
        # Spreading s over the others is spreading s K / (K - 1) over all K.
        share = self.smoothing * (classes / (classes - 1) if self.others else 1)
        return functional.cross_entropy(logits, targets, label_smoothing=share)


class CrossEntropy(LossOptions):
    """Cross-entropy of the softmax, with smoothed labels if wished."""

    # Half, because with two classes the share spread over all is twice the one over the others.
    label_smoothing: float = knob(
        0.0, "Share of the target that is taken from the true class.", ge=0, le=0.5
    )
    smooth_over: Literal["all", "others"] = knob(
        "all",
        "Classes that get that share: all, the true one too, or only the others.",
        unless={"label_smoothing": (0.0,)},
    )

    def build(self) -> nn.Module:
        """Build the loss."""
        return SmoothedCrossEntropy(self.label_smoothing, others=self.smooth_over == "others")
