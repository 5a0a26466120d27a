"""Measure a network on images it is not trained on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from typing import Literal

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from cnn_ablate.data import Batch


@dataclass(frozen=True)
class Outputs:
    """What a network says of some images, in their order, and what they are."""

    logits: Float[Tensor, "n classes"]
    labels: Int64[Tensor, " n"]


@dataclass(frozen=True)
class Evaluation:
    """How right a network is: cross-entropy in nats and accuracy, and what it said of each."""

    loss: float
    accuracy: float
    labels: Int64[Tensor, " n"]
    predicted: Int64[Tensor, " n"]
    probabilities: Float[Tensor, "n classes"]


@torch.inference_mode()
def answers(model: nn.Module, batches: Iterable[Batch]) -> Outputs:
    """Classify images without augmentation; leaves the network in evaluation mode."""
    model.eval()
    said = [(model(batch.images).float(), batch.targets) for batch in batches]
    return Outputs(torch.cat([logits for logits, _ in said]), torch.cat([true for _, true in said]))


@torch.inference_mode()
def merged(views: Sequence[Outputs], how: Literal["logits", "probabilities"]) -> Outputs:
    """Average what a network says of several views of the same images."""
    if len(views) == 1:
        return views[0]
    logits = torch.stack([view.logits for view in views])
    if how == "logits":
        return Outputs(logits.mean(0), views[0].labels)
    # The logarithm of the mean probability, without the probabilities: they can underflow.
    summed = logits.log_softmax(2).logsumexp(0)
    return Outputs(summed - log(len(views)), views[0].labels)


@torch.inference_mode()
def judged(said: Outputs) -> Evaluation:
    """Compare answers with the truth, whatever loss is trained: labels are not smoothed here."""
    predicted = said.logits.argmax(1)
    loss = functional.cross_entropy(said.logits, said.labels, reduction="sum")
    return Evaluation(
        loss=float(loss) / len(said.labels),
        accuracy=int((predicted == said.labels).sum()) / len(said.labels),
        labels=said.labels.cpu(),
        predicted=predicted.cpu(),
        probabilities=said.logits.softmax(1).cpu(),
    )
