"""Train one trial: epochs over batches, measured and checkpointed after each."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import torch
from torch import Tensor

from cnn_ablate.data import Images
from cnn_ablate.schema import EpochRow, Metrics, Recipe, Trial, TrialResult
from cnn_ablate.train.bench import Bench
from cnn_ablate.train.outcome import class_rows, opened, peak_memory_mb, predictions, saved

# Which column of an epoch decides whether its weights are kept.
SELECTIONS = {"last": None, "best_val": "val_accuracy", "best_test": "test_accuracy"}


@dataclass(frozen=True)
class Watch:
    """Who wants to hear of a training: (epochs done, images a second), and states to keep."""

    progress: Callable[[float, float], None] = lambda epoch, speed: None  # noqa: ARG005
    save: Callable[[bytes], None] = lambda state: None  # noqa: ARG005


def train(
    trial: Trial,
    images: Images,
    recipe: Recipe,
    watch: Watch | None = None,
    resume: bytes | None = None,
) -> TrialResult:
    """Train a trial from its seed, or from a checkpoint, to its result.

    The result is the same, bit for bit, with and without interruptions, whatever was trained
    before in this process.

    Args:
        trial: What to train.
        images: The data set that the trial's fingerprint names.
        recipe: How to compute it.
        watch: Hears of progress, and keeps the state after each epoch.
        resume: A state that `watch.save` was given earlier.
    """
    watch = watch or Watch()
    started = datetime.now(UTC).isoformat(timespec="seconds")
    _set_up(recipe)
    bench = Bench(trial, images, recipe)
    if resume:
        bench.restore(opened(resume))
    while len(bench.log.rows) < bench.parts.training.epochs and not bench.log.diverged:
        one_epoch(bench, watch)
        watch.save(saved(bench.state()))
    return _result(bench, started)


def _set_up(recipe: Recipe) -> None:
    torch.set_num_threads(recipe.threads)
    on_gpu = recipe.device.startswith("cuda")
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(on_gpu, warn_only=True)


def one_epoch(bench: Bench, watch: Watch) -> None:
    """Train on every batch once, measure, and move the schedule."""
    began, epoch = time.perf_counter(), len(bench.log.rows)
    rate = bench.optimizer.param_groups[0]["lr"]
    losses, hits, seen = [], [], 0
    bench.model.train()
    for step, batch in enumerate(bench.loader.epoch(epoch)):
        loss, hit = bench.step(epoch, batch)
        losses.append(loss * len(batch.samples))
        hits.append(hit)
        seen += len(batch.samples)
        speed = seen / (time.perf_counter() - began)
        watch.progress(epoch + (step + 1) / bench.loader.steps, speed)
    totals = torch.stack(losses).cpu()
    bench.log.diverged = _divergence(totals, epoch)
    row = EpochRow(
        epoch=epoch + 1,
        lr=rate,
        train_loss=float(totals.sum()) / seen,
        train_accuracy=float(torch.stack(hits).sum()) / seen,
        **bench.measured(),
    )
    watched = (row.val_loss, row.test_loss, row.train_loss)
    bench.schedule.after_epoch(next(loss for loss in watched if loss is not None))
    bench.log.rows.append(row.model_copy(update={"seconds": time.perf_counter() - began}))
    _select(bench, row)


def _divergence(totals: Tensor, epoch: int) -> str:
    bad = (~torch.isfinite(totals)).nonzero()
    if len(bad) == 0:
        return ""
    step = int(bad[0])
    return f"The loss became {float(totals[step])} in step {step + 1} of epoch {epoch + 1}."


def _select(bench: Bench, row: EpochRow) -> None:
    column = SELECTIONS[bench.parts.training.select]
    score = getattr(row, column) if column else row.epoch
    if score > bench.log.best_score:
        bench.log.best_score = score
        bench.log.selected = row.epoch
        if column:
            bench.keep_weights()


def _result(bench: Bench, started: str) -> TrialResult:
    bench.take_kept()
    found = bench.evaluated(bench.loader.test())
    rows = bench.log.rows
    chosen = rows[bench.log.selected - 1] if bench.log.selected else rows[-1]
    seconds = sum(row.seconds for row in rows)
    diverged = bool(bench.log.diverged)
    metrics = Metrics(
        parameters=sum(weight.numel() for weight in bench.model.parameters()),
        dead_parameters=bench.log.dead or 0,
        macs=bench.macs(),
        train_loss=None if diverged else rows[-1].train_loss,
        test_loss=None if diverged else found.loss,
        test_accuracy=None if diverged else found.accuracy,
        val_accuracy=None if diverged else chosen.val_accuracy,
        epochs=len(rows),
        selected_epoch=chosen.epoch,
        seconds=seconds,
        images_per_second=bench.loader.count * len(rows) / seconds,
        peak_memory_mb=peak_memory_mb(bench.recipe.device),
    )
    return TrialResult(
        trial=bench.trial,
        status="diverged" if diverged else "done",
        error=bench.log.diverged,
        recipe=bench.recipe,
        metrics=metrics,
        epochs=tuple(rows),
        steps=tuple(bench.log.steps),
        classes=() if diverged else class_rows(found, bench.classes),
        predictions=b"" if diverged else predictions(found),
        weights=b"" if diverged else saved(bench.weights()),
        torch=torch.__version__,
        started=started,
    )
