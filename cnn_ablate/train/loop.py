"""Train trials, one or several side by side: epochs, measured and checkpointed after each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite

import torch

from cnn_ablate.data import Images
from cnn_ablate.schema import ComputeConfig, EpochRow, Metrics, Trial, TrialResult
from cnn_ablate.train.artifacts import class_rows, opened, predictions, saved
from cnn_ablate.train.epoch import one_epoch, watched
from cnn_ablate.train.evaluate import Evaluation
from cnn_ablate.train.hooks import Hooks
from cnn_ablate.train.memory import forget_peak, peak_memory_mb
from cnn_ablate.train.stacked import Stack
from cnn_ablate.train.step import Gradients, alone
from cnn_ablate.train.trainer import Trainer


@dataclass(frozen=True)
class TrialInput:
    """A trial to train: on the images that its fingerprint names, afresh or from a checkpoint."""

    trial: Trial
    images: Images
    watch: Hooks = Hooks()  # noqa: RUF009 - it is frozen
    resume: bytes | None = None


def train(
    trial: Trial,
    images: Images,
    compute: ComputeConfig,
    watch: Hooks | None = None,
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
    return next(train_together([TrialInput(trial, images, watch or Hooks(), resume)], compute))


def train_together(members: Sequence[TrialInput], compute: ComputeConfig) -> Iterator[TrialResult]:
    """Train trials side by side, and give the result of each as it ends.

    Each comes to the same result, bit for bit, whoever the others are, as long as the recipe is
    the same. They need not be in the same epoch, but must have equally many batches in one.

    Args:
        members: As many as the recipe stacks, or fewer; their networks are of one shape.
        recipe: How to compute them.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    set_up(compute, members[0].trial)
    forget_peak(compute.device)
    running = [(_bench(member, compute), member.watch) for member in members]
    gradients = gradients_of([bench for bench, _ in running], compute)
    while running:
        yield from (_result(bench, started) for bench, _ in running if _ended(bench))
        running = [(bench, watch) for bench, watch in running if not _ended(bench)]
        if running:
            one_epoch(running, gradients)
        for bench, watch in running:
            if watch.due():
                watch.save(saved(bench.state()))


def set_up(compute: ComputeConfig, trial: Trial) -> None:
    """Make this process compute as recipe and precision say, the same every time."""
    torch.set_num_threads(compute.threads)
    torch._C._set_mkldnn_enabled(compute.onednn)  # noqa: SLF001 - its public form warns
    torch.backends.cudnn.benchmark = False
    # Torch's default takes TensorFloat-32 for convolutions, and float32 for matrix products.
    tf32 = trial.settings["training"]["precision"] == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    torch.use_deterministic_algorithms(compute.device.startswith("cuda"), warn_only=True)
    # Nothing is read before it is written; filling each new tensor would be a kernel more.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def _bench(member: TrialInput, compute: ComputeConfig) -> Trainer:
    bench = Trainer(member.trial, member.images, compute)
    if member.resume and bench.fits(state := opened(member.resume)):
        bench.restore(state)
    return bench


def gradients_of(benches: Sequence[Trainer], compute: ComputeConfig) -> Gradients:
    """Give the way that the recipe says to find the gradients of these networks."""
    return Stack(benches, compute) if compute.compiled or compute.stack > 1 else alone


def _ended(bench: Trainer) -> bool:
    """Say whether the training is over: in time, early for want of progress, or diverged."""
    rows, training = bench.log.rows, bench.parts.training
    if len(rows) >= training.epochs or bench.log.diverged:
        return True
    losses = [watched(row) for row in rows]
    since_best = len(losses) - 1 - losses.index(min(losses)) if losses else 0
    return 0 < training.patience <= since_best


def _result(bench: Trainer, started: str) -> TrialResult:
    return _diverged(bench, started) if bench.log.diverged else _done(bench, started)


def _done(bench: Trainer, started: str) -> TrialResult:
    bench.take_reported()
    found = bench.tested()
    if not isfinite(found.loss):  # of averaged weights, it may be
        bench.log.diverged = f"The loss on the test images was {found.loss}."
        return _diverged(bench, started)
    return TrialResult(
        trial=bench.trial,
        status="done",
        compute=bench.compute,
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


def _diverged(bench: Trainer, started: str) -> TrialResult:
    return TrialResult(
        trial=bench.trial,
        status="diverged",
        error=bench.log.diverged,
        compute=bench.compute,
        data=bench.facts,
        metrics=_metrics(bench, None),
        epochs=tuple(bench.log.rows),
        steps=tuple(bench.log.steps),
        torch=torch.__version__,
        started=started,
    )


def _metrics(bench: Trainer, found: Evaluation | None) -> Metrics:
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
        val_accuracy=_val_accuracy(bench, chosen) if found else None,
        epochs=len(rows),
        selected_epoch=chosen.epoch,
        seconds=seconds,
        images_per_second=bench.loader.count * len(rows) / seconds,
        peak_memory_mb=peak_memory_mb(bench.compute.device),
    )


def _val_accuracy(bench: Trainer, chosen: EpochRow) -> float | None:
    """Give the accuracy on the validation images of the weights that are reported."""
    if bench.loader.validates and bench.average.has_begun:
        return bench.evaluated(bench.loader.val()).accuracy
    return chosen.val_accuracy
