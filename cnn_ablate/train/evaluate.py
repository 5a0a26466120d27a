"""Measure a network on images it is not trained on."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from cnn_ablate.data import Batch


@dataclass(frozen=True)
class Evaluation:
    """What a network says of some images, in their order."""

    loss: float
    accuracy: float
    labels: Int64[Tensor, " n"]
    probabilities: Float[Tensor, "n classes"]


@torch.inference_mode()
def evaluate(model: nn.Module, chunks: Iterable[Batch], loss: nn.Module) -> Evaluation:
    """Classify all images in evaluation mode, without augmentation.

    Args:
        model: Left in evaluation mode.
        chunks: Normalised images and their labels.
        loss: Built with `reduction="sum"`.
    """
    model.eval()
    totals, logits, labels = [], [], []
    for chunk in chunks:
        answers = model(chunk.images).float()
        totals.append(loss(answers, chunk.targets))
        logits.append(answers)
        labels.append(chunk.targets)
    told, true = torch.cat(logits), torch.cat(labels)
    return Evaluation(
        loss=float(torch.stack(totals).sum()) / len(true),
        accuracy=int((told.argmax(1) == true).sum()) / len(true),
        labels=true.cpu(),
        probabilities=told.softmax(1).cpu(),
    )
