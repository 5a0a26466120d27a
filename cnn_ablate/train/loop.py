"""Train a trial to its result: epochs until it ends, with a checkpoint after each."""

from dataclasses import dataclass
from math import isfinite

import torch

from cnn_ablate.data import Images
from cnn_ablate.schema import ComputeConfig, EpochRow, Metrics, Trial, TrialResult, timestamp
from cnn_ablate.train.artifacts import class_rows, dump_state, load_state, predictions_npz
from cnn_ablate.train.backends import build_program
from cnn_ablate.train.epoch import monitored_loss, train_epoch
from cnn_ablate.train.evaluate import Evaluation
from cnn_ablate.train.hooks import Hooks
from cnn_ablate.train.peak_memory import peak_memory_mb, reset_peak_memory
from cnn_ablate.train.trainer import Trainer


@dataclass(frozen=True)
class TrialInput:
    """A trial, the data set that its fingerprint names, and a checkpoint of it, if there is one."""

    trial: Trial
    images: Images
    checkpoint: bytes | None = None


def train(
    trial_input: TrialInput, compute: ComputeConfig, hooks: Hooks | None = None
) -> TrialResult:
    """Train a trial from its seed, or from a checkpoint, to its result.

    The result has the same bits with and without interruptions, whatever this process trained
    before.

    Args:
        trial_input: What to train.
        compute: How to compute it. A checkpoint with other compute settings is ignored.
        hooks: Called after steps and epochs.
    """
    hooks = hooks or Hooks()
    started = timestamp()
    configure_torch(compute, trial_input.trial)
    reset_peak_memory(compute.device)
    trainer = build_trainer(trial_input, compute)
    program = build_program(trainer)
    while not is_over(trainer):
        train_epoch(trainer, program, hooks)
        if hooks.save_checkpoint and hooks.checkpoint_due():
            hooks.save_checkpoint(dump_state(trainer.state_dict()))
    return result_of(trainer, started)


def configure_torch(compute: ComputeConfig, trial: Trial) -> None:
    """Set the global switches of torch to a trial's precision and to reproducible results."""
    # The number of threads decides how sums are split, and so their last bits.
    torch.set_num_threads(compute.threads)
    torch._C._set_mkldnn_enabled(compute.onednn)  # noqa: SLF001 - its public form warns
    # Benchmarking may choose another convolution algorithm, with other bits, in each process.
    torch.backends.cudnn.benchmark = False
    # Torch's default takes TensorFloat-32 for convolutions, and float32 for matrix products.
    tf32 = trial.settings["training"]["precision"] == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    torch.use_deterministic_algorithms(compute.device.startswith("cuda"), warn_only=True)
    # Nothing is read before it is written; filling each new tensor would cost a kernel launch.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def build_trainer(trial_input: TrialInput, compute: ComputeConfig) -> Trainer:
    """Build the trainer of a trial, as its checkpoint left it if there is one to resume from."""
    trainer = Trainer(trial_input.trial, trial_input.images, compute)
    if trial_input.checkpoint:
        state = load_state(trial_input.checkpoint)
        if trainer.can_resume(state):
            trainer.load_state_dict(state)
    return trainer


def is_over(trainer: Trainer) -> bool:
    """Return whether a training has reached its last epoch, stopped early, or diverged."""
    epochs, training = trainer.history.epochs, trainer.options.training
    if len(epochs) >= training.epochs or trainer.history.divergence:
        return True
    losses = [monitored_loss(row) for row in epochs]
    since_best = len(losses) - 1 - losses.index(min(losses)) if losses else 0
    return 0 < training.patience <= since_best


def result_of(trainer: Trainer, started: str) -> TrialResult:
    """Evaluate the weights that a training that is over reports, and return its result."""
    if trainer.history.divergence:
        return _diverged(trainer, started)
    trainer.load_reported_weights()
    test = trainer.test()
    if not isfinite(test.loss):  # averaged weights may be, where those of each epoch were not
        trainer.history.divergence = f"The loss on the test images was {test.loss}."
        return _diverged(trainer, started)
    return _done(trainer, started, test)


def _done(trainer: Trainer, started: str, test: Evaluation) -> TrialResult:
    return TrialResult(
        trial=trainer.trial,
        status="done",
        compute=trainer.compute,
        data=trainer.facts,
        metrics=_metrics(trainer, test),
        epochs=tuple(trainer.history.epochs),
        steps=tuple(trainer.history.running_losses),
        classes=class_rows(test, trainer.facts.classes),
        predictions=predictions_npz(test),
        weights=dump_state(trainer.weights()),
        pixels=_measured_pixels(trainer),
        torch=torch.__version__,
        started=started,
    )


def _measured_pixels(trainer: Trainer) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Return the mean and standard deviation of the training images, if they normalise."""
    used = trainer.loader.normalization
    return None if used == trainer.options.data.normalize else (used.mean, used.std)


def _diverged(trainer: Trainer, started: str) -> TrialResult:
    return TrialResult(
        trial=trainer.trial,
        status="diverged",
        error=trainer.history.divergence,
        compute=trainer.compute,
        data=trainer.facts,
        metrics=_metrics(trainer, None),
        epochs=tuple(trainer.history.epochs),
        steps=tuple(trainer.history.running_losses),
        torch=torch.__version__,
        started=started,
    )


def _metrics(trainer: Trainer, test: Evaluation | None) -> Metrics:
    """Collect the metrics of a trial; losses and accuracies are None if it diverged."""
    epochs = trainer.history.epochs
    selected = epochs[max(trainer.history.selected_epoch, 1) - 1]
    seconds = sum(row.seconds for row in epochs)
    return Metrics(
        parameters=sum(parameter.numel() for parameter in trainer.parameters),
        dead_parameters=trainer.history.dead_parameters or 0,
        macs=trainer.macs(),
        train_loss=epochs[-1].train_loss if test else None,
        test_loss=test.loss if test else None,
        test_accuracy=test.accuracy if test else None,
        val_accuracy=_val_accuracy(trainer, selected) if test else None,
        epochs=len(epochs),
        selected_epoch=selected.epoch,
        seconds=seconds,
        images_per_second=trainer.loader.train_size * len(epochs) / seconds,
        peak_memory_mb=peak_memory_mb(trainer.compute.device),
    )


def _val_accuracy(trainer: Trainer, selected: EpochRow) -> float | None:
    """Return the accuracy on the validation images of the weights that are reported."""
    if trainer.loader.has_validation and trainer.reports_new_weights:
        return trainer.evaluate(trainer.loader.val()).accuracy
    return selected.val_accuracy
