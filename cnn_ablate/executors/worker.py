"""One worker process: takes jobs from a pipe, trains, and sends events back."""

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import torch

from cnn_ablate.data import Images, load
from cnn_ablate.errors import UserError
from cnn_ablate.executors import faults, logs
from cnn_ablate.executors.checkpoints import Checkpoints
from cnn_ablate.executors.events import Ended, Event, Job, Progress, States
from cnn_ablate.schema import Trial, TrialResult
from cnn_ablate.settings import images_key, options_of
from cnn_ablate.store import Store
from cnn_ablate.train import Watch, train
from cnn_ablate.users import look_in

# Rare enough to cost nothing, often enough to look alive.
_SECONDS_BETWEEN_REPORTS = 1.0


def work(pipe: Connection, log: Path) -> None:
    """Serve jobs until the pipe says None or breaks: the program that owns it is gone then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_owner, daemon=True).start()
    logs.redirect(log)
    try:
        while (job := pipe.recv()) is not None:
            for trial in job.trials:
                logs.restart(log)
                ended = attempt(job, trial, pipe.send, Store(job.results))
                pipe.send(ended if ended.result else logs.with_tail(ended, log))
    except (EOFError, ConnectionError):
        os._exit(1)


def _end_with_owner() -> None:
    """End at once when the program that owns this process dies: no one else would end it."""
    if owner := parent_process():
        wait([owner.sentinel])
        os._exit(1)


def attempt(job: Job, trial: Trial, send: Callable[[Event], None], states: States) -> Ended:
    """Train one trial; what goes wrong becomes words, for the runner to judge.

    Raises:
        AcceleratorError: this process can no longer use its device.
    """
    try:
        return Ended(trial, job.recipe, result=_trained(job, trial, send, states))
    except (EOFError, ConnectionError, torch.AcceleratorError):
        raise
    except Exception as fault:  # noqa: BLE001 - a trial's failure is its own, not the worker's
        images = _held.get((images_key(trial.settings["data"]), job.data))
        kind = faults.kind(fault, trial, images.facts if images else None)
        return Ended(trial, job.recipe, error=faults.words(fault), fault=kind)


def _trained(job: Job, trial: Trial, send: Callable[[Event], None], states: States) -> TrialResult:
    if job.folder:
        look_in(job.folder)
    checkpoints = Checkpoints(states, trial, job.checkpoint_every)
    watch = Watch(_throttled(trial, send), checkpoints.keep)
    images = _images(trial.settings["data"], job.data)
    if trial.fingerprint not in {"", images.facts.fingerprint}:
        what = "gives other images than when the study was laid out."
        raise UserError(images.facts.name, what, "The same command plans anew.")
    return train(trial, images, job.recipe, watch, resume=states.checkpoint(trial))


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
