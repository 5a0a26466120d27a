"""Batches in parts, for devices with too little memory: their gradients add up to the whole's."""

from collections.abc import Iterator

from torch import nn, split
from torch.nn.modules.batchnorm import _BatchNorm

from cnn_ablate.data import Batch


def divisible(model: nn.Module) -> bool:
    """Say whether parts of a batch come to the same as the whole: with batch norm they do not."""
    return not any(isinstance(part, _BatchNorm) for part in model.modules())


def parts_of(batch: Batch, size: int) -> Iterator[tuple[Batch, float]]:
    """Cut a batch into parts of so many images (0: one part), each with its share of the whole."""
    if not size:
        yield batch, 1.0
        return
    whole = len(batch.samples)
    fields = (split(tensor, size) for tensor in (batch.images, batch.targets, batch.samples))
    for images, targets, samples in zip(*fields, strict=True):
        yield Batch(images, targets, samples), len(samples) / whole
