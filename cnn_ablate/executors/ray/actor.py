"""What runs on a node of a cluster: a trainer that takes one job after another.

It never touches the results folder: states and results go to the driver, as a stream of events.
"""

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from tempfile import mkdtemp
from threading import Thread
from typing import Any

from cnn_ablate import processes
from cnn_ablate.data.image_tensors import Arrays, images
from cnn_ablate.executors.protocol import Event, Job
from cnn_ablate.executors.worker import attempts, hold
from cnn_ablate.schema import DataFacts, Trial


@dataclass(frozen=True)
class Saved:
    """The state of an unfinished trial, for the driver to keep."""

    trial: Trial
    state: bytes


@dataclass(frozen=True)
class JobPayload:
    """What a job needs of the driver's machine.

    `states` are what earlier runs left of its trials, by trial id; `sources` are the users' modules
    by the paths at which they are looked for.
    """

    states: Mapping[str, bytes] = field(default_factory=dict)
    sources: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class SharedData:
    """A data set as the cluster holds it, and the `data` section that names it."""

    section: Mapping[str, Any]
    facts: DataFacts
    arrays: Arrays


Stream = SimpleQueue[Event | Saved | BaseException | None]


class RayWorker:
    """Trains jobs on a node; lives as long as the run."""

    def __init__(self) -> None:
        # For the compiler it may start; this process has begun as Ray has set it.
        processes.set_environment()
        self.folders: dict[frozenset[tuple[str, bytes]], Path] = {}

    def greet(self) -> tuple[str, str]:
        """Give the name of this machine and the version of this package on it."""
        return platform.node(), version("cnn-ablate")

    def run(self, job: Job, luggage: JobPayload, *data: SharedData) -> Iterator[Event | Saved]:
        """Train a job, and give its events as they happen.

        Args:
            job: The trials.
            luggage: What else comes along.
            data: The data sets of its trials, mapped from the node's memory.
        """
        here = replace(job, data=None, folder=self._folder(luggage.sources))
        for each in data:
            hold(each.section, images(each.arrays, each.facts))
        stream: Stream = SimpleQueue()
        Thread(target=_train, args=(here, luggage, stream), daemon=True).start()
        while (event := stream.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield event

    def _folder(self, sources: Mapping[str, bytes]) -> Path:
        """Write users' modules to a folder of their own, once."""
        contents = frozenset(sources.items())
        if contents not in self.folders:
            self.folders[contents] = folder = Path(mkdtemp(prefix="cnn-ablate-"))
            for path, source in sources.items():
                file = folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(source)
        return self.folders[contents]


@dataclass(frozen=True)
class RemoteCheckpoints:
    """Stands for the results folder: states come with the job, and go back as events."""

    states: Mapping[str, bytes]
    stream: Stream

    def checkpoint(self, trial: Trial) -> bytes | None:
        """Give the state that came along."""
        return self.states.get(trial.id)

    def save_checkpoint(self, trial: Trial, state: bytes) -> None:
        """Send a state back."""
        self.stream.put(Saved(trial, state))


def _train(job: Job, luggage: JobPayload, stream: Stream) -> None:
    """Train in a thread of its own, so that what happens is told while it happens."""
    carried = RemoteCheckpoints(luggage.states, stream)
    try:
        for ended in attempts(job, stream.put, carried):
            stream.put(ended)
        stream.put(None)
    except BaseException as fault:  # noqa: BLE001 - it ends this actor, and the driver is told why
        stream.put(fault)
