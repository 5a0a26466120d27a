"""Measure a network on images it is not trained on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from typing import Literal

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from cnn_ablate.data import Batch


@dataclass(frozen=True)
class Answers:
    """What a network says of some images, in their order, and what they are."""

    logits: Float[Tensor, "n classes"]
    labels: Int64[Tensor, " n"]


@dataclass(frozen=True)
class Evaluation:
    """How right a network is, and its probabilities."""

    loss: float
    accuracy: float
    labels: Int64[Tensor, " n"]
    probabilities: Float[Tensor, "n classes"]


@torch.inference_mode()
def answers(model: nn.Module, batches: Iterable[Batch]) -> Answers:
    """Classify images without augmentation; leaves the network in evaluation mode."""
    model.eval()
    said = [(model(batch.images).float(), batch.targets) for batch in batches]
    return Answers(torch.cat([logits for logits, _ in said]), torch.cat([true for _, true in said]))


@torch.inference_mode()
def merged(views: Sequence[Answers], how: Literal["logits", "probabilities"]) -> Answers:
    """Average what a network says of several views of the same images."""
    if len(views) == 1:
        return views[0]
    logits = torch.stack([view.logits for view in views])
    if how == "logits":
        return Answers(logits.mean(0), views[0].labels)
    # The logarithm of the mean probability, without the probabilities: they can underflow.
    summed = logits.log_softmax(2).logsumexp(0)
    return Answers(summed - log(len(views)), views[0].labels)


@torch.inference_mode()
def judged(said: Answers, loss: nn.Module) -> Evaluation:
    """Compare answers with the truth.

    Args:
        said: For all images.
        loss: Built with `reduction="sum"`.
    """
    hits = int((said.logits.argmax(1) == said.labels).sum())
    return Evaluation(
        loss=float(loss(said.logits, said.labels)) / len(said.labels),
        accuracy=hits / len(said.labels),
        labels=said.labels.cpu(),
        probabilities=said.logits.softmax(1).cpu(),
    )
