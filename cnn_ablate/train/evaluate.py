"""Evaluate a network on images that it is not trained on."""

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
    """The logits of some images, and their true classes, in the same order."""

    logits: Float[Tensor, "n classes"]
    labels: Int64[Tensor, " n"]


@dataclass(frozen=True)
class Evaluation:
    """Mean cross-entropy in nats, accuracy as a fraction, and the prediction for each image."""

    loss: float
    accuracy: float
    labels: Int64[Tensor, " n"]
    predicted: Int64[Tensor, " n"]
    probabilities: Float[Tensor, "n classes"]


@torch.inference_mode()
def predict_logits(model: nn.Module, batches: Iterable[Batch]) -> Outputs:
    """Compute the logits of all batches; leaves the network in evaluation mode."""
    model.eval()
    outputs = [(model(batch.images).float(), batch.targets) for batch in batches]
    logits, labels = zip(*outputs, strict=True)
    return Outputs(torch.cat(logits), torch.cat(labels))


@torch.inference_mode()
def average_views(views: Sequence[Outputs], average: Literal["logits", "probabilities"]) -> Outputs:
    """Average the logits, or the probabilities, of several views of the same images.

    The average of probabilities is returned as their logarithm.
    """
    if len(views) == 1:
        return views[0]
    logits = torch.stack([view.logits for view in views])
    if average == "logits":
        return Outputs(logits.mean(0), views[0].labels)
    # log(mean(p)) by logsumexp, without computing p itself: probabilities can underflow to 0.
    total = logits.log_softmax(2).logsumexp(0)
    return Outputs(total - log(len(views)), views[0].labels)


@torch.inference_mode()
def evaluate(outputs: Outputs) -> Evaluation:
    """Compute loss and accuracy.

    The loss is plain cross-entropy whatever loss is trained, without label smoothing, so that
    variants with different losses can be compared.
    """
    predicted = outputs.logits.argmax(1)
    loss = functional.cross_entropy(outputs.logits, outputs.labels, reduction="sum")
    return Evaluation(
        loss=float(loss) / len(outputs.labels),
        accuracy=int((predicted == outputs.labels).sum()) / len(outputs.labels),
        labels=outputs.labels.cpu(),
        predicted=predicted.cpu(),
        probabilities=outputs.logits.softmax(1).cpu(),
    )
