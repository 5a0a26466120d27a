"""The Ray executor: workers on the nodes of a cluster, each of which trains one job at a time.

Nodes need this package and nothing else: no shared files, no data, no results folder. The driver
alone reads and writes those.
"""

import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, ClassVar

from cnn_ablate.custom import user_code_folder, user_source_files
from cnn_ablate.data import load
from cnn_ablate.data.image_tensors import ARRAYS
from cnn_ablate.errors import UserError
from cnn_ablate.executors.assigned_job import TICK, Assignment, TimeoutClock
from cnn_ablate.executors.protocol import Ended, Event, Job
from cnn_ablate.executors.ray.actor import Checkpoint, JobPayload, RayWorker, SharedData
from cnn_ablate.executors.ray.connection import connect
from cnn_ablate.executors.resources import Resources
from cnn_ablate.settings import images_key, options_of
from cnn_ablate.store import Store

_SECONDS_BETWEEN_COUNTS = 5.0
# So many workers in a row that die before they are ready are no accident.
_MAX_FAILED_STARTS = 3
# Checkpoints that all workers together may send per second: the driver writes each to disk.
_CHECKPOINTS_PER_SECOND = 10


@dataclass
class RemoteWorker(Assignment):
    """An actor on a node, and its pending reply.

    The first reply is the name of its node; before that it gets no job.
    """

    actor: Any
    pending: Any
    node: str = ""


class RayExecutor:
    """A pool of workers, any of which may die, and its node too, without harm to the others."""

    is_remote: ClassVar[bool] = True

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.ray: Any = None
        self.workers: list[RemoteWorker] = []
        self.queued: deque[Job] = deque()
        self.shared: dict[str, Any] = {}
        self.sources: Mapping[str, bytes] = {}
        self.failed_starts = 0
        self.capacity = 0
        self.counted = 0.0

    def run(self, jobs: Iterable[Job]) -> Generator[Event, None, None]:
        """Run all jobs in their order.

        Raises:
            UserError: Ray is not installed, the cluster cannot be used, or no node of it has the
                resources of a trial.
        """
        queue = iter(jobs)
        if not self._take_job(queue):
            return
        # The paths of sources are relative to the study's folder, if they are below it.
        self.sources = _sources(self.queued[0])
        with connect(self.resources) as self.ray:
            try:
                clock = TimeoutClock()
                while self._assign(queue):
                    for worker in self._ready_workers():
                        yield from self._on_message(worker)
                    for worker in clock.overdue(self.workers):
                        yield from self._discard(worker, worker.timeout_message())
            finally:
                self._close_idle_workers()
                while self.workers:
                    self._stop_worker(self.workers[-1])

    def _take_job(self, queue: Iterator[Job]) -> bool:
        if job := next(queue, None):
            self.queued.append(job)
        return job is not None

    def _assign(self, queue: Iterator[Job]) -> bool:
        """Assign jobs to idle workers, and start workers for the rest.

        A job is taken only for a worker that is idle, or that is being started for it. Returns
        whether there is anything to wait for.
        """
        for worker in self.workers:
            if worker.pending is None and (self.queued or self._take_job(queue)):
                self._send(worker, self.queued.popleft())
        self._count_capacity()
        starting = sum(not worker.node for worker in self.workers)
        while len(self.workers) < self.capacity and (
            len(self.queued) > starting or self._take_job(queue)
        ):
            self._start_worker()
            starting += 1
        return bool(self.queued) or any(worker.job for worker in self.workers)

    def _count_capacity(self) -> None:
        """Count the trials that the nodes can run at once, every few seconds: nodes come and go."""
        if time.monotonic() - self.counted < _SECONDS_BETWEEN_COUNTS:
            return
        resources = self.resources
        nodes = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
        capacities = [resources.capacity(n.get("CPU", 0), n.get("GPU", 0)) for n in nodes]
        if not self.counted and not (resources.workers or any(capacities)):
            raise UserError(
                "--executor ray",
                f"no node has {resources.cpus_per_trial:g} CPUs and {resources.gpus:g} GPUs for a "
                "trial.",
                "Give --workers to wait for such nodes.",
            )
        self.capacity = resources.workers or sum(capacities)
        self.counted = time.monotonic()

    def _start_worker(self) -> None:
        options = {"num_cpus": self.resources.cpus_per_trial, "num_gpus": self.resources.gpus}
        actor = self.ray.remote(scheduling_strategy="SPREAD", **options)(RayWorker).remote()
        self.workers.append(RemoteWorker(actor, actor.ready.remote()))

    def _close_idle_workers(self) -> None:
        """Let workers that are about to be stopped remove their files; busy ones would not."""
        idle = [worker for worker in self.workers if worker.node and worker.pending is None]
        if closing := [worker.actor.close.remote() for worker in idle]:
            self.ray.wait(closing, num_returns=len(closing), timeout=TICK)

    def _stop_worker(self, worker: RemoteWorker) -> None:
        self.workers.remove(worker)
        self.ray.kill(worker.actor)

    def _send(self, worker: RemoteWorker, job: Job) -> None:
        store = Store(job.results)
        found = {trial.id: store.checkpoint(trial) for trial in job.trials}
        checkpoints = {name: state for name, state in found.items() if state}
        payload = JobPayload(checkpoints, self.sources)
        worker.start(job)
        seldom = max(job.checkpoint_every, len(self.workers) / _CHECKPOINTS_PER_SECOND)
        run = worker.actor.run.options(num_returns="streaming")
        worker.pending = run.remote(
            replace(job, checkpoint_every=seldom), payload, self._share_data(job)
        )

    def _share_data(self, job: Job) -> Any:
        """Put the data set of a job into the object store, once, and return a reference to it."""
        if job.external:
            return None
        section = job.trial.settings["data"]
        key = images_key(section)
        if key not in self.shared:
            # If it is not here, the worker searches its node, and names what is missing.
            with suppress(UserError):
                self.shared[key] = self.ray.put(_load_shared(section, job))
        return self.shared.get(key)

    def _ready_workers(self) -> list[RemoteWorker]:
        """Wait for replies, and return the workers that have one."""
        pending = {worker.pending: worker for worker in self.workers if worker.pending is not None}
        if not pending:
            time.sleep(TICK)
            return []
        self.ray.wait([*pending], timeout=TICK)
        # The first call returns with one; the second collects all that are there by now.
        ready, _ = self.ray.wait([*pending], num_returns=len(pending), timeout=0)
        return [pending[reference] for reference in ready]

    def _on_message(self, worker: RemoteWorker) -> Iterator[Event]:
        try:
            message = self.ray.get(next(worker.pending) if worker.node else worker.pending)
        except (StopIteration, self.ray.exceptions.RayError) as error:
            yield from self._on_death(worker, _last_line(error))
            return
        if worker.job is None:
            self._on_ready(worker, *message)
        elif isinstance(message, Checkpoint):
            with suppress(UserError):  # a trial continues if its checkpoint cannot be written
                Store(worker.job.results).save_checkpoint(message.trial, message.state)
        else:
            worker.update(message)
            worker.pending = worker.pending if worker.job else None
            yield message

    def _on_ready(self, worker: RemoteWorker, node: str, node_version: str) -> None:
        if node_version != (ours := version("cnn-ablate")):
            what = f"has cnn-ablate {node_version}, and this machine {ours}."
            raise UserError(f"node {node}", what, "Install the same version on all nodes.")
        worker.node, worker.pending = node, None
        self.failed_starts = 0

    def _on_death(self, worker: RemoteWorker, reason: str) -> Iterator[Ended]:
        if not worker.node:
            self.failed_starts += 1
        if self.failed_starts == _MAX_FAILED_STARTS:
            raise UserError("--executor ray", f"no worker starts: {reason}")
        yield from self._discard(worker, f"The worker on {worker.node} died: {reason}")

    def _discard(self, worker: RemoteWorker, reason: str) -> Iterator[Ended]:
        self._stop_worker(worker)
        yield from worker.lost(reason)


def _sources(job: Job) -> Mapping[str, bytes]:
    """Return the files that all jobs of a run need on other machines."""
    if job.external:
        return job.external.inputs.contents()
    with user_code_folder(job.folder):
        return user_source_files()


def _load_shared(section: Mapping[str, Any], job: Job) -> SharedData:
    with user_code_folder(job.folder):
        images = load(options_of("data", section), job.data)
    tensors = (images.train, images.train_labels, images.test, images.test_labels)
    arrays = {name: tensor.numpy() for name, tensor in zip(ARRAYS, tensors, strict=True)}
    return SharedData(section, images.facts, arrays)


def _last_line(error: BaseException) -> str:
    """Return the last line of one of Ray's messages, which has the cause."""
    return next(reversed(str(error).strip().splitlines()), type(error).__name__)
