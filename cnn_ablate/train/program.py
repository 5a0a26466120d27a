"""Programs: ways to execute the training steps of an epoch, behind one interface."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from cnn_ablate.models import count_dead_parameters
from cnn_ablate.train.step import Network, StepOutput, step
from cnn_ablate.train.trainer import Trainer


@dataclass
class EpochMetrics:
    """Losses and hits of the steps of an epoch so far, on the device of the network.

    The tensors are allocated before the first step: one that is allocated within a step and kept
    would lie between its activations, and so fragment the memory further in every step.
    """

    losses: Float[Tensor, " steps"]
    hits: Int64[Tensor, ""]
    batch_sizes: list[int] = field(default_factory=list)

    def add(self, output: StepOutput, batch_size: int) -> None:
        """Add a step, without waiting for its values."""
        self.losses[len(self.batch_sizes)] = output.loss
        self.hits += output.hits
        self.batch_sizes.append(batch_size)

    def means(self, losses: Tensor) -> dict[str, float]:
        """Return mean loss and accuracy over the images, given the loss of every step."""
        weights = torch.tensor(self.batch_sizes)
        images = sum(self.batch_sizes)
        return {
            "train_loss": float((losses * weights).sum() / images),
            "train_accuracy": int(self.hits) / images,
        }


def empty_metrics(trainer: Trainer) -> EpochMetrics:
    """Return the metrics of an epoch before its first step."""
    losses = torch.zeros(trainer.loader.steps_per_epoch, device=trainer.device)
    return EpochMetrics(losses, torch.zeros((), dtype=torch.int64, device=trainer.device))


@runtime_checkable
class Program(Protocol):
    """Trains the network of one trainer, epoch by epoch."""

    def __init__(self, trainer: Trainer) -> None: ...

    def run_epoch(self, epoch: int, on_step: Callable[[int], None]) -> EpochMetrics:
        """Train on every batch of an epoch once.

        Args:
            epoch: Counted from 0.
            on_step: Called after each step with the number of images in its batch.
        """
        ...


class EagerProgram:
    """Calls the operations of each step one by one, and the optimizer of torch."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer

    def run_epoch(self, epoch: int, on_step: Callable[[int], None]) -> EpochMetrics:
        """Train on every batch of an epoch once."""
        trainer = self.trainer
        metrics = empty_metrics(trainer)
        network = eager_network(trainer, epoch)
        trainer.model.train()
        trainer.options.model.begin_epoch(trainer.model, epoch)
        for batch in trainer.loader.epoch(epoch):
            keys = trainer.dropout_keys(epoch, batch.samples)
            metrics.add(step(network, batch, keys), len(batch.samples))
            # A step leaves its gradients in place, so those that are None were never reached.
            if trainer.history.dead_parameters is None:
                dead = count_dead_parameters(trainer.model)
                trainer.history.dead_parameters = sum(dead.values())
            on_step(len(batch.samples))
        return metrics


def eager_network(trainer: Trainer, epoch: int) -> Network:
    """Return the network of a trainer, updated by its optimizer, scheduler and average."""

    def update() -> None:
        trainer.optimizer.step()
        trainer.scheduler.after_step()
        trainer.average.after_step(trainer.model, epoch)

    clip_norm = trainer.options.training.clip_norm
    return Network(trainer.logits, trainer.loss, trainer.parameters, update, clip_norm or 0.0)
