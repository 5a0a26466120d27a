"""Train one trial: epochs over batches, measured and checkpointed after each."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import torch
from torch import Tensor

from cnn_ablate.data import Images
from cnn_ablate.schema import EpochRow, Metrics, Recipe, Trial, TrialResult
from cnn_ablate.streams import key
from cnn_ablate.train.bench import Bench
from cnn_ablate.train.evaluate import Evaluation
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
    set_up(recipe)
    bench = Bench(trial, images, recipe)
    if resume:
        bench.restore(opened(resume))
    while not _ended(bench):
        one_epoch(bench, watch)
        watch.save(saved(bench.state()))
    return _diverged(bench, started) if bench.log.diverged else _done(bench, started)


def set_up(recipe: Recipe) -> None:
    """Make this process compute as the recipe says, the same every time."""
    torch.set_num_threads(recipe.threads)
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(recipe.device.startswith("cuda"), warn_only=True)


def one_epoch(bench: Bench, watch: Watch) -> None:
    """Train on every batch once, measure, and move the schedule."""
    began, epoch = time.perf_counter(), len(bench.log.rows)
    rate = bench.optimizer.param_groups[0]["lr"]
    losses, hits, sizes = [], [], []
    # For networks of users' own, which may draw from torch's generator: ours never do.
    torch.manual_seed(key(bench.trial.seed, "chance", epoch))
    bench.model.train()
    for batch in bench.loader.epoch(epoch):
        loss, hit = bench.step(epoch, batch)
        losses.append(loss)
        hits.append(hit)
        sizes.append(len(batch.samples))
        speed = sum(sizes) / (time.perf_counter() - began)
        watch.progress(epoch + len(sizes) / bench.loader.steps, speed)
    bench.average.after_epoch(bench.model, epoch)
    course = torch.stack(losses).cpu()
    seen = torch.tensor(sizes)
    row = EpochRow(
        epoch=epoch + 1,
        lr=rate,
        train_loss=float((course * seen).sum() / seen.sum()),
        train_accuracy=int(torch.stack(hits).sum()) / int(seen.sum()),
        **bench.measured(),
    )
    bench.schedule.after_epoch(_watched(row))
    bench.log.rows.append(row.model_copy(update={"seconds": time.perf_counter() - began}))
    bench.log.diverged = _divergence(course, epoch)
    bench.log.steps += _running_loss(course, bench)
    _select(bench, row)


def _ended(bench: Bench) -> bool:
    """Say whether the training is over: in time, early for want of progress, or diverged."""
    rows, training = bench.log.rows, bench.parts.training
    if len(rows) >= training.epochs or bench.log.diverged:
        return True
    losses = [_watched(row) for row in rows]
    since_best = len(losses) - 1 - losses.index(min(losses)) if losses else 0
    return 0 < training.patience <= since_best


def _watched(row: EpochRow) -> float:
    """Give the loss that schedules and early stopping watch: the least seen of what there is."""
    losses = (row.val_loss, row.test_loss, row.train_loss)
    return next(loss for loss in losses if loss is not None)


def _divergence(course: Tensor, epoch: int) -> str:
    bad = (~torch.isfinite(course)).nonzero()
    if len(bad) == 0:
        return ""
    step = int(bad[0])
    return f"The loss became {float(course[step])} in step {step + 1} of epoch {epoch + 1}."


def _running_loss(course: Tensor, bench: Bench) -> list[tuple[int, float]]:
    """Average the loss over every so many batches of the epoch that has just ended."""
    every = bench.parts.training.log_every
    if not every:
        return []
    before = (len(bench.log.rows) - 1) * bench.loader.steps
    means = course[: len(course) // every * every].view(-1, every).mean(1).tolist()
    return [(before + (i + 1) * every, mean) for i, mean in enumerate(means)]


def _select(bench: Bench, row: EpochRow) -> None:
    column = SELECTIONS[bench.parts.training.select]
    score = float(getattr(row, column) if column else row.epoch)
    if score > bench.log.best_score:
        bench.log.best_score = score
        bench.log.selected = row.epoch
        if column:
            bench.keep_weights()


def _done(bench: Bench, started: str) -> TrialResult:
    bench.take_reported()
    found = bench.tested()
    return TrialResult(
        trial=bench.trial,
        status="done",
        recipe=bench.recipe,
        data=bench.facts,
        metrics=_metrics(bench, found),
        epochs=tuple(bench.log.rows),
        steps=tuple(bench.log.steps),
        classes=class_rows(found, bench.facts.classes),
        predictions=predictions(found),
        weights=saved(bench.weights()),
        torch=torch.__version__,
        started=started,
    )


def _diverged(bench: Bench, started: str) -> TrialResult:
    return TrialResult(
        trial=bench.trial,
        status="diverged",
        error=bench.log.diverged,
        recipe=bench.recipe,
        data=bench.facts,
        metrics=_metrics(bench, None),
        epochs=tuple(bench.log.rows),
        steps=tuple(bench.log.steps),
        torch=torch.__version__,
        started=started,
    )


def _metrics(bench: Bench, found: Evaluation | None) -> Metrics:
    rows = bench.log.rows
    chosen = rows[max(bench.log.selected, 1) - 1]
    seconds = sum(row.seconds for row in rows)
    return Metrics(
        parameters=sum(weight.numel() for weight in bench.model.parameters()),
        dead_parameters=bench.log.dead or 0,
        macs=bench.macs(),
        train_loss=rows[-1].train_loss if found else None,
        test_loss=found.loss if found else None,
        test_accuracy=found.accuracy if found else None,
        val_accuracy=chosen.val_accuracy if found else None,
        epochs=len(rows),
        selected_epoch=chosen.epoch,
        seconds=seconds,
        images_per_second=bench.loader.count * len(rows) / seconds,
        peak_memory_mb=peak_memory_mb(bench.recipe.device),
    )
