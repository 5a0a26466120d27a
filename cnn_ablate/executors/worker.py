"""A worker process: receives jobs through a pipe, trains them, and sends events back."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import torch

from cnn_ablate.custom import allow_packages, user_code_folder
from cnn_ablate.data import Images, load
from cnn_ablate.errors import UserError
from cnn_ablate.executors import worker_log
from cnn_ablate.executors.checkpoint_timing import Checkpoints
from cnn_ablate.executors.command_job import run_command_job, show_one_gpu
from cnn_ablate.executors.failures import failure_kind, failure_message
from cnn_ablate.executors.protocol import CheckpointStore, Ended, Event, Job, Progress
from cnn_ablate.schema import Trial, TrialResult
from cnn_ablate.settings import images_key, options_of
from cnn_ablate.store import Store
from cnn_ablate.train import Hooks, Outcome, TrialInput, train, train_together

# Seldom enough to take no time, often enough for a progress bar.
_SECONDS_BETWEEN_REPORTS = 1.0


class OwnerGoneError(BaseException):
    """The program that owns this process has closed the pipe.

    Not an Exception, so that nothing takes it for a failure of the trial.
    """


def run_worker(pipe: Connection, log: Path, slot: int) -> None:
    """Run jobs until the pipe closes, because the program that owns it has ended.

    Args:
        pipe: Receives jobs, and sends events.
        log: The file to which all output goes.
        slot: The number of this worker on its machine, by which workers share its GPUs.
    """
    # Ctrl-C reaches the whole process group; the owner decides what becomes of its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_owner, daemon=True).start()
    worker_log.redirect(log)
    send = event_sender(pipe)
    try:
        while (job := pipe.recv()) is not None:
            worker_log.clear(log)
            select_gpu(job, slot)
            for ended in run_job(job, send, Store(job.results)):
                send(ended if ended.result else worker_log.with_tail(ended, log))
    except (EOFError, ConnectionError, OwnerGoneError):
        os._exit(1)


def event_sender(pipe: Connection) -> Callable[[Event], None]:
    """Return a function that sends an event; it raises OwnerGoneError if the pipe is closed."""

    def send(event: Event) -> None:
        try:
            pipe.send(event)
        except OSError as error:
            raise OwnerGoneError from error

    return send


def select_gpu(job: Job, slot: int) -> None:
    """Compute on the GPU of a worker's number, if on a GPU; surplus workers share GPUs.

    A command sees no other GPU than that.
    """
    if job.external:
        show_one_gpu(job.compute, slot)
    elif job.compute.device == "cuda":
        torch.cuda.set_device(slot % torch.cuda.device_count())


def _end_with_owner() -> None:
    """End this process when its owner dies, even by SIGKILL: nothing else would end it."""
    if owner := parent_process():
        wait([owner.sentinel])
        os._exit(1)


def run_job(
    job: Job, send: Callable[[Event], None], checkpoints: CheckpointStore
) -> Iterator[Ended]:
    """Train the trials of a job and yield the end of each; an exception becomes a message.

    Args:
        job: The trials, and how to train them.
        send: Called with the progress.
        checkpoints: Has the checkpoints of the trials, if there are any, and gets those to come.

    Raises:
        AcceleratorError: this process can no longer use its device, so it has to end.
    """
    allow_packages(job.packages)
    left = {trial.id: trial for trial in job.trials}
    try:
        for trial, outcome in _outcomes(job, send, checkpoints):
            del left[trial.id]
            yield _ended(job, trial, outcome)
    except torch.AcceleratorError:
        raise
    except Exception as error:  # noqa: BLE001 - the trials fail alone; more jobs may follow
        for trial in left.values():
            yield _ended(job, trial, error)


def _outcomes(
    job: Job, send: Callable[[Event], None], checkpoints: CheckpointStore
) -> Iterator[Outcome]:
    if job.external:
        yield job.trial, run_command_job(job, job.external, _seldom(send))
        return
    with user_code_folder(job.folder):
        inputs = [_load_input(job, trial, checkpoints) for trial in job.trials]
        hooks = [_hooks(job, trial, send, checkpoints) for trial in job.trials]
        if job.compute.backend == "graph":
            yield from train_together(inputs, job.compute, hooks)
        else:
            yield job.trial, train(inputs[0], job.compute, hooks[0])


def _ended(job: Job, trial: Trial, outcome: TrialResult | Exception) -> Ended:
    if isinstance(outcome, TrialResult):
        return Ended(trial, job.compute, outcome)
    message, kind = failure_message(outcome, job), failure_kind(outcome)
    return Ended(trial, job.compute, error=message, failure=kind)


def _load_input(job: Job, trial: Trial, checkpoints: CheckpointStore) -> TrialInput:
    images = _load_images(trial.settings["data"], job.data)
    if trial.fingerprint not in {"", images.facts.fingerprint}:
        what = "its images have changed since the study was planned."
        raise UserError(images.facts.name, what, "Run the same command again for a new plan.")
    return TrialInput(trial, images, checkpoints.checkpoint(trial))


def _hooks(job: Job, trial: Trial, send: Callable[[Event], None], store: CheckpointStore) -> Hooks:
    checkpoints = Checkpoints(store, trial, job.checkpoint_every)
    return Hooks(_progress_reporter(trial, send), checkpoints.is_due, checkpoints.save)


def _progress_reporter(
    trial: Trial, send: Callable[[Event], None]
) -> Callable[[float, float], None]:
    """Return a hook that sends the progress of a trial, at most once per second."""
    epochs, report = trial.settings["training"]["epochs"], _seldom(send)
    return lambda epoch, speed: report(Progress(trial.id, epoch, epochs, speed))


def _seldom(send: Callable[[Event], None]) -> Callable[[Progress], None]:
    """Return a function that sends the progress of a trial, at most once per second."""
    last = 0.0

    def report(progress: Progress) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= _SECONDS_BETWEEN_REPORTS:
            last = now
            send(progress)

    return report


# The data sets that this process has opened, by their settings and the folder of data sets.
_loaded: dict[tuple[str, Path | None], Images] = {}


def cache_images(section: Mapping[str, Any], images: Images) -> None:
    """Use images that were received from elsewhere for what a `data` section names."""
    _loaded[images_key(section), None] = images


def _load_images(section: Mapping[str, Any], data: Path | None) -> Images:
    """Load a data set once per process; later trials share its memory map."""
    key = (images_key(section), data)
    if key not in _loaded:
        _loaded[key] = load(options_of("data", section), data)
    return _loaded[key]
