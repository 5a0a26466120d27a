"""The Ray actor that trains jobs on a node of a cluster.

It never touches the results folder, which the node may not have: checkpoints and results go to the
driver, as a stream of events.
"""

import platform
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from cnn_ablate import fork_server
from cnn_ablate.data.image_tensors import Arrays, from_arrays
from cnn_ablate.executors.protocol import Event, Job
from cnn_ablate.executors.worker import cache_images, run_job
from cnn_ablate.schema import DataFacts, Trial
from cnn_ablate.temporary_folder import temporary_folder


@dataclass(frozen=True)
class Checkpoint:
    """The state of an unfinished trial, for the driver to save."""

    trial: Trial
    state: bytes


@dataclass(frozen=True)
class JobPayload:
    """What is sent along with a job.

    Attributes:
        checkpoints: Of the job's trials, by their ids, where there is one.
        sources: The user's modules, by path relative to the folder in which they are searched, or
            the input files of a command.
    """

    checkpoints: Mapping[str, bytes] = field(default_factory=dict)
    sources: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class SharedData:
    """A data set in the cluster's object store, and the `data` section that names it."""

    section: Mapping[str, Any]
    facts: DataFacts
    arrays: Arrays


# None ends the stream; an exception is raised at its other end.
Stream = SimpleQueue[Event | Checkpoint | BaseException | None]


class RayWorker:
    """Trains jobs on a node, one after the other; lives as long as the run."""

    def __init__(self) -> None:
        # Ray started this process, so it is late for variables that are read when a process
        # starts; cuBLAS and torch read theirs when a GPU is first used.
        fork_server.set_environment()
        self.folders: dict[frozenset[tuple[str, bytes]], Path] = {}
        # That of a killed actor is removed by the next one on its node.
        self.held = ExitStack()
        self.scratch = self.held.enter_context(temporary_folder())
        # The results folder of the run need not be here; a command takes this one for its files.
        self.results = self.scratch / "results"
        self.results.mkdir()
        # Training calls hooks, and `run` has to yield: a thread turns one into the other. One for
        # all jobs, since what torch keeps per thread is made anew in each.
        self.assigned: SimpleQueue[tuple[Job, JobPayload, Stream]] = SimpleQueue()
        Thread(target=self._train_assigned, daemon=True).start()

    def ready(self) -> tuple[str, str]:
        """Return the name of this node and the version of this package on it."""
        return platform.node(), version("cnn-ablate")

    def close(self) -> None:
        """Remove the files of this worker."""
        self.held.close()

    def run(
        self, job: Job, payload: JobPayload, data: SharedData | None = None
    ) -> Iterator[Event | Checkpoint]:
        """Train a job, and yield its events as they happen.

        Args:
            job: The trial, and how to train it.
            payload: What was sent along.
            data: Its data set, mapped from the node's shared memory; without it, the data set is
                searched for on the node.
        """
        folder = self._write_sources(payload.sources)
        job = replace(job, data=None, folder=folder, results=self.results)
        if data:
            cache_images(data.section, from_arrays(data.arrays, data.facts))
        stream: Stream = SimpleQueue()
        self.assigned.put((job, payload, stream))
        while (event := stream.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield event

    def _train_assigned(self) -> None:
        while True:
            _train(*self.assigned.get())

    def _write_sources(self, sources: Mapping[str, bytes]) -> Path:
        """Write the user's modules to a temporary folder, once per version, and return it."""
        version_key = frozenset(sources.items())
        if version_key not in self.folders:
            folder = self.scratch / f"sources-{len(self.folders)}"
            folder.mkdir()
            self.folders[version_key] = folder
            for path, source in sources.items():
                file = folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(source)
        return self.folders[version_key]


@dataclass(frozen=True)
class RemoteCheckpoints:
    """A checkpoint store without a folder: checkpoints come with the job, and go as events."""

    received: Mapping[str, bytes]
    stream: Stream

    def checkpoint(self, trial: Trial) -> bytes | None:
        """Return the checkpoint of a trial that came with the job."""
        return self.received.get(trial.id)

    def save_checkpoint(self, trial: Trial, state: bytes) -> None:
        """Send a checkpoint to the driver."""
        self.stream.put(Checkpoint(trial, state))


def _train(job: Job, payload: JobPayload, stream: Stream) -> None:
    """Train a job, and put its events into a stream."""
    checkpoints = RemoteCheckpoints(payload.checkpoints, stream)
    try:
        for ended in run_job(job, stream.put, checkpoints):
            stream.put(ended)
        stream.put(None)
    except BaseException as error:  # noqa: BLE001 - raised at the other end; the actor dies of it
        stream.put(error)
