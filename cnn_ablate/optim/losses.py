"""Losses of logits against classes, or against class probabilities (of mixed images)."""

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
        """Build the loss: `loss(logits, targets)` is the mean over images."""


class SmoothedCrossEntropy(nn.Module):
    """Cross-entropy in nats with label smoothing: `smoothing` is taken from the true class.

    With `others` it is distributed over the other classes; else over all classes, as in torch, so
    that the true class gets some of it back.

    Reference: Szegedy et al. 2016, section 7.
    """

    def __init__(self, smoothing: float, *, others: bool) -> None:
        super().__init__()
        self.smoothing = smoothing
        self.others = others

    def forward(self, logits: Float[Tensor, "n classes"], targets: Targets) -> Float[Tensor, ""]:
        """Return the mean over images."""
        classes = logits.shape[1]
        # s over the K - 1 others equals s K / (K - 1) over all K.
        smoothing = self.smoothing * (classes / (classes - 1) if self.others else 1)
        return functional.cross_entropy(logits, targets, label_smoothing=smoothing)


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

    def build(self) -> nn.Module:
        """Build the loss."""
        return SmoothedCrossEntropy(self.label_smoothing, others=self.smooth_over == "others")
