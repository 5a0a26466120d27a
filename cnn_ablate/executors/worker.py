"""One worker process: takes jobs from a pipe, trains, and sends events back."""

import os
import signal
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from cnn_ablate.data import Images, load
from cnn_ablate.executors.events import Ended, Event, Job, Progress
from cnn_ablate.models import look_in
from cnn_ablate.schema import TrialResult
from cnn_ablate.settings import parts
from cnn_ablate.store import Store
from cnn_ablate.train import Watch, train

# Rare enough to cost nothing, often enough that an orphan soon meets a broken pipe and ends.
_SECONDS_BETWEEN_REPORTS = 1.0


def work(pipe: Connection) -> None:
    """Serve jobs until the pipe says None or breaks: the program that owns it is gone then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        while (job := pipe.recv()) is not None:
            pipe.send(attempt(job, pipe.send))
    except (EOFError, OSError):
        os._exit(1)


def attempt(job: Job, send: Callable[[Event], None]) -> Ended:
    """Train one trial; what goes wrong becomes words, for the runner to judge."""
    try:
        return Ended(job, result=_trained(job, send))
    except (BrokenPipeError, EOFError):
        raise
    except Exception as fault:  # noqa: BLE001 - a trial's failure is its own, not the worker's
        last = traceback.format_exception(fault)[-2:]
        return Ended(job, error="".join(last).strip())


def _trained(job: Job, send: Callable[[Event], None]) -> TrialResult:
    if job.folder:
        look_in(job.folder)
    store = Store(job.results)
    options = parts(job.trial.settings)
    images = _images(job.trial.settings["data"]["name"], options.data.model_dump_json(), job)
    watch = Watch(
        progress=_throttled(job, options.training.epochs, send),
        save=lambda state: store.save_checkpoint(job.trial, state),
    )
    return train(job.trial, images, job.recipe, watch, resume=store.checkpoint(job.trial))


def _throttled(
    job: Job, epochs: int, send: Callable[[Event], None]
) -> Callable[[float, float], None]:
    last = 0.0

    def progress(epoch: float, images_per_second: float) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= _SECONDS_BETWEEN_REPORTS:
            last = now
            send(Progress(job.trial.id, epoch, epochs, images_per_second))

    return progress


_held: dict[tuple[str, str, Path | None], Images] = {}


def _images(name: str, options: str, job: Job) -> Images:
    """Open the data once a worker; it stays mapped for the trials to come."""
    key = (name, options, job.data)
    if key not in _held:
        _held[key] = load(parts(job.trial.settings).data, job.data)
    return _held[key]
