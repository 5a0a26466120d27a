"""One worker process: takes jobs from a pipe, trains, and sends events back."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import torch

from cnn_ablate.custom import look_in
from cnn_ablate.data import Images, load
from cnn_ablate.errors import UserError
from cnn_ablate.executors import failures, worker_log
from cnn_ablate.executors.checkpoints import Checkpoints
from cnn_ablate.executors.protocol import CheckpointStore, Ended, Event, Job, Progress
from cnn_ablate.schema import ComputeConfig, Trial, TrialResult
from cnn_ablate.settings import images_key, options_of
from cnn_ablate.store import Store
from cnn_ablate.train import Hooks, TrialInput, train_together

# Rare enough to cost nothing, often enough to look alive.
_SECONDS_BETWEEN_REPORTS = 1.0


class OwnerGoneError(BaseException):
    """The program that owns this process no longer listens; that is no trial's failure."""


def work(pipe: Connection, log: Path, slot: int) -> None:
    """Serve jobs until the pipe says None or breaks: the program that owns it is gone then.

    Args:
        pipe: Brings jobs, and takes events.
        log: Where to write what is printed.
        slot: This worker's number among those of its machine, which share its GPUs evenly.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_owner, daemon=True).start()
    worker_log.redirect(log)
    send = sender(pipe)
    try:
        while (job := pipe.recv()) is not None:
            worker_log.restart(log)
            take_gpu(job.compute, slot)
            for ended in attempts(job, send, Store(job.results)):
                send(ended if ended.result else worker_log.with_tail(ended, log))
                worker_log.restart(log)
    except (EOFError, ConnectionError, OwnerGoneError):
        os._exit(1)


def sender(pipe: Connection) -> Callable[[Event], None]:
    """Give what sends an event; it raises OwnerGoneError where no one takes it."""

    def send(event: Event) -> None:
        try:
            pipe.send(event)
        except OSError as fault:
            raise OwnerGoneError from fault

    return send


def take_gpu(compute: ComputeConfig, slot: int) -> None:
    """Compute on the GPU of this number, if on any; more workers than GPUs take them in turn."""
    if compute.device == "cuda":
        torch.cuda.set_device(slot % torch.cuda.device_count())


def _end_with_owner() -> None:
    """End at once when the program that owns this process dies: no one else would end it."""
    if owner := parent_process():
        wait([owner.sentinel])
        os._exit(1)


def attempts(job: Job, send: Callable[[Event], None], states: CheckpointStore) -> Iterator[Ended]:
    """Train the trials of a job; what goes wrong becomes words, for the runner to judge.

    A stack that cannot be trained together is trained one by one, and the recipes of its results
    say so.

    Raises:
        AcceleratorError: this process can no longer use its device.
    """
    left = {trial.id: trial for trial in job.trials}
    if job.compute.stack > 1:
        try:
            for result in _trained(job, job.trials, send, states):
                del left[result.trial.id]
                yield Ended(result.trial, job.compute, result)
        except torch.AcceleratorError:
            raise
        except Exception as fault:  # noqa: BLE001 - alone they may do better
            sys.stderr.write(f"Could not be trained together: {failures.words(fault)}\n")
    alone = replace(job, compute=job.compute.model_copy(update={"stack": 1}))
    for trial in left.values():
        yield replace(_attempt(alone, trial, send, states), compute=job.compute)


def _attempt(
    job: Job, trial: Trial, send: Callable[[Event], None], states: CheckpointStore
) -> Ended:
    try:
        [result] = _trained(job, [trial], send, states)
        return Ended(trial, job.compute, result)
    except torch.AcceleratorError:
        raise
    except Exception as fault:  # noqa: BLE001 - a trial's failure is its own, not the worker's
        images = _held.get((images_key(trial.settings["data"]), job.data))
        kind = failures.kind(fault, trial, images.facts if images else None)
        return Ended(trial, job.compute, error=failures.words(fault), fault=kind)


def _trained(
    job: Job, trials: Sequence[Trial], send: Callable[[Event], None], states: CheckpointStore
) -> Iterator[TrialResult]:
    if job.folder:
        look_in(job.folder)
    members = [_member(job, trial, send, states) for trial in trials]
    return train_together(members, job.compute)


def _member(
    job: Job, trial: Trial, send: Callable[[Event], None], states: CheckpointStore
) -> TrialInput:
    checkpoints = Checkpoints(states, trial, job.checkpoint_every)
    watch = Hooks(_throttled(trial, send), checkpoints.due, checkpoints.keep)
    images = _images(trial.settings["data"], job.data)
    if trial.fingerprint not in {"", images.facts.fingerprint}:
        what = "gives other images than when the study was laid out."
        raise UserError(images.facts.name, what, "The same command plans anew.")
    return TrialInput(trial, images, watch, states.checkpoint(trial))


def _throttled(trial: Trial, send: Callable[[Event], None]) -> Callable[[float, float], None]:
    epochs = trial.settings["training"]["epochs"]
    last = 0.0

    def progress(epoch: float, images_per_second: float) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= _SECONDS_BETWEEN_REPORTS:
            last = now
            send(Progress(trial.id, epoch, epochs, images_per_second))

    return progress


_held: dict[tuple[str, Path | None], Images] = {}


def hold(section: Mapping[str, Any], images: Images) -> None:
    """Take images that came from elsewhere for those that a `data` section names."""
    _held[images_key(section), None] = images


def _images(section: Mapping[str, Any], data: Path | None) -> Images:
    """Open the data once a worker; it stays mapped for the trials to come."""
    key = (images_key(section), data)
    if key not in _held:
        _held[key] = load(options_of("data", section), data)
    return _held[key]
