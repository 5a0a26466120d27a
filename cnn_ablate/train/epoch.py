"""One epoch of some trainings that go side by side: every batch once, then measured."""

import time
from collections.abc import Sequence
from math import isfinite

import torch
from torch import Tensor

from cnn_ablate.rng import key
from cnn_ablate.schema import EpochRow
from cnn_ablate.train.hooks import Hooks
from cnn_ablate.train.step import Gradients, StepInput, StepOutput
from cnn_ablate.train.trainer import Trainer

# Which column of an epoch decides whether its weights are kept.
SELECTIONS = {"last": None, "best_val": "val_accuracy", "best_test": "test_accuracy"}


class EpochMetrics:
    """What a training came to in the batches of an epoch so far, still on the device.

    Nothing that is kept is allocated in a step: between the maps of a step, it would keep the next
    ones from their places, and the memory would grow with every step.
    """

    def __init__(self, bench: Trainer, watch: Hooks, began: float) -> None:
        self.watch = watch
        self.began = began
        self.losses = torch.zeros(bench.loader.steps, device=bench.device)
        self.hits = torch.zeros((), dtype=torch.int64, device=bench.device)
        self.sizes: list[int] = []
        self.seen = 0

    def add(self, told: StepOutput, lesson: StepInput) -> None:
        """Take in a step."""
        targets = lesson.batch.targets
        # Where images are mixed, the class that an image has most of counts.
        classes = targets.argmax(1) if targets.is_floating_point() else targets
        self.losses[len(self.sizes)] = told.loss
        self.hits += (told.logits.argmax(1) == classes).sum()
        self.sizes.append(len(lesson.batch.samples))
        self.seen += self.sizes[-1]
        done = lesson.epoch + len(self.sizes) / lesson.bench.loader.steps
        self.watch.progress(done, self.seen / (time.perf_counter() - self.began))

    def course(self) -> Tensor:
        """Give the loss of every step."""
        return self.losses.cpu()

    def measures(self, course: Tensor) -> dict[str, float]:
        """Give mean loss and accuracy over the images, from the loss of every step."""
        sizes = torch.tensor(self.sizes)
        return {
            "train_loss": float((course * sizes).sum() / self.seen),
            "train_accuracy": int(self.hits) / self.seen,
        }


def one_epoch(running: Sequence[tuple[Trainer, Hooks]], gradients: Gradients) -> None:
    """Train each on every batch of its next epoch, measure, and move its schedule.

    Trainings that go together share the seconds that it takes evenly.
    """
    began = time.perf_counter()
    starts = [
        (bench, len(bench.log.rows), bench.optimizer.param_groups[0]["lr"]) for bench, _ in running
    ]
    tallies = [EpochMetrics(bench, watch, began) for bench, watch in running]
    for bench, epoch, _ in starts:
        # For networks of users' own, which may draw from torch's generator: ours never do.
        torch.manual_seed(key(bench.trial.seed, "chance", epoch))
        bench.model.train()
    for batches in zip(*(bench.loader.epoch(epoch) for bench, epoch, _ in starts), strict=True):
        lessons = [
            StepInput(bench, epoch, batch)
            for (bench, epoch, _), batch in zip(starts, batches, strict=True)
        ]
        for told, lesson, tally in zip(gradients(lessons), lessons, tallies, strict=True):
            lesson.bench.update(lesson.epoch)
            tally.add(told, lesson)
    for (bench, epoch, rate), tally in zip(starts, tallies, strict=True):
        bench.average.after_epoch(bench.model, epoch)
        course = tally.course()
        row = EpochRow(epoch=epoch + 1, lr=rate, **tally.measures(course), **bench.measured())
        _conclude(bench, row, course)
    share = (time.perf_counter() - began) / len(running)
    for bench, _ in running:
        bench.log.rows[-1] = bench.log.rows[-1].model_copy(update={"seconds": share})


def _conclude(bench: Trainer, row: EpochRow, course: Tensor) -> None:
    """Enter an epoch in the log, and draw the conclusions."""
    bench.schedule.after_epoch(watched(row))
    bench.log.rows.append(row)
    bench.log.diverged = _divergence(course, row)
    bench.log.steps += _running_loss(course, bench)
    _select(bench, row)


def watched(row: EpochRow) -> float:
    """Give the loss that schedules and early stopping watch: the least seen of what there is."""
    losses = (row.val_loss, row.test_loss, row.train_loss)
    return next(loss for loss in losses if loss is not None)


def _divergence(course: Tensor, row: EpochRow) -> str:
    bad = (~torch.isfinite(course)).nonzero()
    if len(bad):
        step = int(bad[0])
        return f"The loss became {float(course[step])} in step {step + 1} of epoch {row.epoch}."
    if not isfinite(watched(row)):
        return f"The loss was {watched(row)} when epoch {row.epoch} had ended."
    return ""


def _running_loss(course: Tensor, bench: Trainer) -> list[tuple[int, float]]:
    """Average the loss over every so many batches of the epoch that has just ended."""
    every = bench.parts.training.log_every
    if not every:
        return []
    before = (len(bench.log.rows) - 1) * bench.loader.steps
    means = course[: len(course) // every * every].view(-1, every).mean(1).tolist()
    return [(before + (i + 1) * every, mean) for i, mean in enumerate(means)]


def _select(bench: Trainer, row: EpochRow) -> None:
    column = SELECTIONS[bench.parts.training.select]
    score = float(getattr(row, column) if column else row.epoch)
    if score > bench.log.best_score:
        bench.log.best_score = score
        bench.log.selected = row.epoch
        if column:
            bench.keep_weights()
