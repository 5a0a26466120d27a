"""Trainers on the nodes of a Ray cluster, each for one job after another; the driver alone writes.

Nodes need this package and nothing else: no shared files, no data, no results folder.
"""

import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

from cnn_ablate.custom import sources
from cnn_ablate.data import load
from cnn_ablate.data.image_tensors import ARRAYS
from cnn_ablate.errors import UserError
from cnn_ablate.executors.assignment import TICK, Assignment, TimeoutClock
from cnn_ablate.executors.protocol import Ended, Event, Job
from cnn_ablate.executors.ray.actor import JobPayload, RayWorker, Saved, SharedData
from cnn_ablate.executors.ray.connection import connected
from cnn_ablate.executors.resources import Resources
from cnn_ablate.settings import images_key, options_of
from cnn_ablate.store import Store

_SECONDS_BETWEEN_COUNTS = 5.0
# More in a row are no accident.
_FAILED_STARTS = 3
# States of trials that the driver may be sent in a second, by all trainers together.
_STATES_A_SECOND = 10


@dataclass
class Worker(Assignment):
    """A trainer, what it will say next, and what it has to do.

    It says its node's name first, and has no job before that.
    """

    trainer: Any
    says: Any
    node: str = ""


class RayExecutor:
    """A pool of trainers that outlives the death of any of them, and of their nodes."""

    elsewhere: ClassVar[bool] = True

    def __init__(self, terms: Resources) -> None:
        self.terms = terms
        self.ray: Any = None
        self.workers: list[Worker] = []
        self.taken: deque[Job] = deque()
        self.shared: dict[str, Any] = {}
        self.sources: Mapping[str, bytes] = {}
        self.failed_starts = 0
        self.room = 0
        self.looked = 0.0

    def run(self, jobs: Iterable[Job]) -> Generator[Event, None, None]:
        """Run all jobs, the first ones first.

        Raises:
            UserError: there is no Ray, no such cluster, or it cannot take a trial.
        """
        source = iter(jobs)
        if not self._take(source):
            return
        self.sources = sources()
        with connected(self.terms) as self.ray:
            try:
                clock = TimeoutClock()
                while self._hand_out(source):
                    for worker in self._speaking():
                        yield from self._heard(worker)
                    for worker in clock.late(self.workers):
                        yield from self._given_up(worker, worker.too_long())
            finally:
                while self.workers:
                    self._dismiss(self.workers[-1])

    def _take(self, source: Iterator[Job]) -> bool:
        if job := next(source, None):
            self.taken.append(job)
        return job is not None

    def _hand_out(self, source: Iterator[Job]) -> bool:
        """Give jobs to the free and hire for the rest; tell whether there is anything to wait for.

        A job is taken for a trainer that is free, or that is being started for it.
        """
        for worker in self.workers:
            if worker.says is None and (self.taken or self._take(source)):
                self._give(worker, self.taken.popleft())
        self._look()
        starting = sum(not worker.node for worker in self.workers)
        while len(self.workers) < self.room and (len(self.taken) > starting or self._take(source)):
            self._hire()
            starting += 1
        return bool(self.taken) or any(worker.job for worker in self.workers)

    def _look(self) -> None:
        """Count the trials for which the nodes have room, now and then."""
        if time.monotonic() - self.looked < _SECONDS_BETWEEN_COUNTS:
            return
        nodes = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
        fitting = [self.terms.fitting(n.get("CPU", 0), n.get("GPU", 0)) for n in nodes]
        if not self.looked and not (self.terms.workers or any(fitting)):
            raise UserError(
                "--executor ray",
                f"no node has {self.terms.cpus_per_trial:g} CPUs and {self.terms.gpus:g} GPUs "
                "for a trial.",
                "Give --workers to wait for such nodes.",
            )
        self.room = self.terms.workers or sum(fitting)
        self.looked = time.monotonic()

    def _hire(self) -> None:
        options = {"num_cpus": self.terms.cpus_per_trial, "num_gpus": self.terms.gpus}
        trainer = self.ray.remote(scheduling_strategy="SPREAD", **options)(RayWorker).remote()
        self.workers.append(Worker(trainer, trainer.greet.remote()))

    def _dismiss(self, worker: Worker) -> None:
        self.workers.remove(worker)
        self.ray.kill(worker.trainer)

    def _give(self, worker: Worker, job: Job) -> None:
        store = Store(job.results)
        states = {trial.id: store.checkpoint(trial) for trial in job.trials}
        luggage = JobPayload({name: state for name, state in states.items() if state}, self.sources)
        worker.take(job)
        rarest = max(job.checkpoint_every, len(self.workers) / _STATES_A_SECOND)
        run = worker.trainer.run.options(num_returns="streaming")
        worker.says = run.remote(replace(job, checkpoint_every=rarest), luggage, *self._data(job))

    def _data(self, job: Job) -> list[Any]:
        """Refer to the data sets of a job, each put into the cluster's memory once."""
        sections = {images_key(s): s for s in (trial.settings["data"] for trial in job.trials)}
        for key, section in sections.items():
            # A trainer that gets no images looks for them on its node, and says what is missing.
            if key not in self.shared:
                with suppress(UserError):
                    self.shared[key] = self.ray.put(_shared(section, job.data))
        return [self.shared[key] for key in sections if key in self.shared]

    def _speaking(self) -> list[Worker]:
        """Wait for something that is said, and give those who say it."""
        speakers = {worker.says: worker for worker in self.workers if worker.says is not None}
        if not speakers:
            time.sleep(TICK)
            return []
        self.ray.wait([*speakers], timeout=TICK)
        ready, _ = self.ray.wait([*speakers], num_returns=len(speakers), timeout=0)
        return [speakers[one] for one in ready]

    def _heard(self, worker: Worker) -> Iterator[Event]:
        try:
            said = self.ray.get(next(worker.says) if worker.node else worker.says)
        except (StopIteration, self.ray.exceptions.RayError) as fault:
            yield from self._died(worker, _last_line(fault))
            return
        if worker.job is None:
            self._welcome(worker, *said)
        elif isinstance(said, Saved):
            with suppress(UserError):  # a trial goes on where there is no room for its state
                Store(worker.job.results).save_checkpoint(said.trial, said.state)
        else:
            worker.heard(said)
            worker.says = worker.says if worker.job else None
            yield said

    def _welcome(self, worker: Worker, node: str, found: str) -> None:
        if found != (ours := version("cnn-ablate")):
            what = f"has cnn-ablate {found}, and this machine {ours}."
            raise UserError(f"node {node}", what, "Install the same version on all nodes.")
        worker.node, worker.says = node, None
        self.failed_starts = 0

    def _died(self, worker: Worker, reason: str) -> Iterator[Ended]:
        if not worker.node:
            self.failed_starts += 1
        if self.failed_starts == _FAILED_STARTS:
            raise UserError("--executor ray", f"no worker starts: {reason}")
        yield from self._given_up(worker, f"The worker on {worker.node} died: {reason}")

    def _given_up(self, worker: Worker, reason: str) -> Iterator[Ended]:
        self._dismiss(worker)
        yield from worker.lost(reason)


def _shared(section: Mapping[str, Any], data: Path | None) -> SharedData:
    found = load(options_of("data", section), data)
    tensors = (found.train, found.train_labels, found.test, found.test_labels)
    arrays = {name: tensor.numpy() for name, tensor in zip(ARRAYS, tensors, strict=True)}
    return SharedData(section, found.facts, arrays)


def _last_line(fault: BaseException) -> str:
    """Give the line in which Ray comes to the point."""
    return next(reversed(str(fault).strip().splitlines()), type(fault).__name__)
