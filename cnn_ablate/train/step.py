"""One training step, in full: all that a batch does to a network and its optimizer."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from cnn_ablate.data import Batch
from cnn_ablate.models import set_dropout_keys
from cnn_ablate.rng import Draws
from cnn_ablate.train.trainer import Trainer


class StepOutput(NamedTuple):
    """The mean loss over a batch, and how many of its images were classified correctly.

    Both are of the weights before the update, and tensors on the device: reading their values
    would make the processor wait for a GPU in every step.
    """

    loss: Float[Tensor, ""]
    hits: Int64[Tensor, ""]


def step(trainer: Trainer, epoch: int, batch: Batch) -> StepOutput:
    """Train a network on one batch, already augmented and normalised.

    Args:
        trainer: Its network, in training mode, and its optimizer, scheduler and average.
        epoch: The epoch that the batch is from, counted from 0.
        batch: Images (n, channels, height, width) and targets on the device of the network.
    """
    # None instead of zeros: an optimizer skips a parameter that no gradient reaches, where a
    # gradient of zero would still decay its weight.
    for parameter in trainer.parameters:
        parameter.grad = None
    if trainer.has_dropout:
        # One key per sample, from its seed, epoch and index: a mask does not depend on the batch
        # that the sample is in, on the device, or on what this process drew before.
        keys = Draws(trainer.trial.seed, epoch, batch.samples).keys("dropout")
        set_dropout_keys(trainer.model, keys)

    images = batch.images.contiguous(memory_format=trainer.memory_format)
    with trainer.autocast():
        logits = trainer.model(images)
    logits = logits.float()
    loss = trainer.loss(logits, batch.targets)
    loss.backward()

    if clip_norm := trainer.options.training.clip_norm:
        torch.nn.utils.clip_grad_norm_(trainer.parameters, clip_norm)
    trainer.optimizer.step()
    trainer.scheduler.after_step()
    trainer.average.after_step(trainer.model, epoch)
    # Detached: the autograd graph of a step, and with it all its activations, ends here.
    return StepOutput(loss.detach(), _hits(logits.detach(), batch.targets))


def _hits(logits: Float[Tensor, "n classes"], targets: Tensor) -> Int64[Tensor, ""]:
    # Where images are mixed, the class with the largest share counts.
    classes = targets.argmax(1) if targets.is_floating_point() else targets
    return (logits.argmax(1) == classes).sum()
