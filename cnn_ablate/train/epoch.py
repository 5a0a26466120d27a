"""One epoch of a training: every batch once, then evaluation and the record of both."""

import time
from collections.abc import Callable
from math import isfinite

import torch
from torch import Tensor

from cnn_ablate.rng import key
from cnn_ablate.schema import EpochRow
from cnn_ablate.train.hooks import Hooks
from cnn_ablate.train.program import Program
from cnn_ablate.train.trainer import Trainer

# By `training.select`: the column whose highest value decides which epoch is reported.
SELECTION_COLUMNS = {"last": None, "best_val": "val_accuracy", "best_test": "test_accuracy"}


def train_epoch(trainer: Trainer, program: Program, hooks: Hooks) -> None:
    """Train a network for one epoch, evaluate it, and add the epoch to its history."""
    began = time.perf_counter()
    epoch, lr = len(trainer.history.epochs), trainer.optimizer.param_groups[0]["lr"]
    # For user-defined networks, which may draw from torch's generator; the package's own use
    # counter-based keys only, so that nothing depends on what was drawn before.
    torch.manual_seed(key(trainer.trial.seed, "chance", epoch))
    metrics = program.run_epoch(epoch, _step_reporter(trainer, hooks, began))
    trainer.average.after_epoch(trainer.model, epoch)
    # The only wait for a GPU in an epoch, beside the evaluation.
    losses = metrics.losses.cpu()
    columns = metrics.means(losses) | trainer.evaluate_epoch()
    seconds = time.perf_counter() - began
    record_epoch(trainer, EpochRow(epoch=epoch + 1, lr=lr, seconds=seconds, **columns), losses)


def _step_reporter(trainer: Trainer, hooks: Hooks, began: float) -> Callable[[int], None]:
    """Return a function that reports the progress of an epoch after each of its steps."""
    epoch, steps = len(trainer.history.epochs), trainer.loader.steps_per_epoch
    done = images = 0

    def report(batch_size: int) -> None:
        nonlocal done, images
        done, images = done + 1, images + batch_size
        hooks.progress(epoch + done / steps, images / (time.perf_counter() - began))

    return report


def record_epoch(trainer: Trainer, row: EpochRow, losses: Tensor) -> None:
    """Add an epoch to the history, and update scheduler and selection by its outcome."""
    trainer.scheduler.after_epoch(monitored_loss(row))
    trainer.history.epochs.append(row)
    trainer.history.divergence = _divergence(losses, row)
    trainer.history.running_losses += _running_losses(losses, trainer)
    _select(trainer, row)


def monitored_loss(row: EpochRow) -> float:
    """Return the loss that schedulers and early stopping monitor.

    It is that on the validation images, else on the test images, else on the training images.
    """
    losses = (row.val_loss, row.test_loss, row.train_loss)
    return next(loss for loss in losses if loss is not None)


def _divergence(losses: Tensor, row: EpochRow) -> str:
    """Describe where the loss was first infinite or not a number; empty if it never was."""
    steps = (~torch.isfinite(losses)).nonzero()
    if len(steps):
        first = int(steps[0])
        return f"The loss became {float(losses[first])} in step {first + 1} of epoch {row.epoch}."
    if not isfinite(monitored_loss(row)):
        return f"The loss was {monitored_loss(row)} when epoch {row.epoch} had ended."
    return ""


def _running_losses(losses: Tensor, trainer: Trainer) -> list[tuple[int, float]]:
    """Average the loss over every `log_every` batches of the epoch that has just ended."""
    every = trainer.options.training.log_every
    if not every:
        return []
    before = (len(trainer.history.epochs) - 1) * trainer.loader.steps_per_epoch
    means = losses[: len(losses) // every * every].view(-1, every).mean(1).tolist()
    return [(before + (i + 1) * every, mean) for i, mean in enumerate(means)]


def _select(trainer: Trainer, row: EpochRow) -> None:
    """Select an epoch to be reported if it is better than all before it."""
    column = SELECTION_COLUMNS[trainer.options.training.select]
    score = float(getattr(row, column) if column else row.epoch)
    if score > trainer.history.best_score:
        trainer.history.best_score = score
        trainer.history.selected_epoch = row.epoch
        if column:
            trainer.keep_best_weights()
