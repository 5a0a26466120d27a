"""Worker processes on this machine, each single-threaded, forked from one warm server."""

import multiprocessing as mp
import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from cnn_ablate.executors.events import Ended, Event, Job
from cnn_ablate.executors.terms import Terms
from cnn_ablate.executors.worker import work

_METHOD = "forkserver" if "forkserver" in mp.get_all_start_methods() else "spawn"
# Read by OpenMP and MKL when torch is first imported, so it must be set before the server starts.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass
class Worker:
    """A process, the pipe to it, the job it has, and the trials of it that have not ended."""

    process: BaseProcess
    pipe: Connection
    job: Job | None = None
    waiting: set[str] = field(default_factory=set)

    def give(self, job: Job) -> None:
        """Hand over a job; a worker that died meanwhile is noticed when it is next heard."""
        self.job = job
        self.waiting = {trial.id for trial in job.trials}
        with suppress(OSError):
            self.pipe.send(job)

    def stop(self) -> None:
        """End the process, whatever it does."""
        self.pipe.close()
        self.process.kill()
        self.process.join()


class Local:
    """A pool of processes that outlives the death of any of them."""

    def __init__(self, terms: Terms) -> None:
        self.size = terms.here()
        self.workers: list[Worker] = []
        self.context: Any = mp.get_context(_METHOD)

    def run(self, jobs: Iterable[Job]) -> Iterator[Event]:
        """Run all jobs, the first ones first."""
        waiting = deque(jobs)
        try:
            while waiting or any(worker.job for worker in self.workers):
                self._hand_out(waiting)
                for pipe in wait([worker.pipe for worker in self.workers]):
                    worker = next(worker for worker in self.workers if worker.pipe is pipe)
                    yield from self._heard(worker)
        finally:
            while self.workers:
                self.workers.pop().stop()

    def _hand_out(self, waiting: deque[Job]) -> None:
        for worker in self.workers:
            if waiting and worker.job is None:
                worker.give(waiting.popleft())
        while waiting and len(self.workers) < self.size:
            self.workers.append(self._started())
            self.workers[-1].give(waiting.popleft())

    def _started(self) -> Worker:
        for variable in _THREAD_VARIABLES:
            os.environ.setdefault(variable, "1")
        if _METHOD == "forkserver":
            self.context.set_forkserver_preload(["cnn_ablate.executors.worker"])
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=work, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        return Worker(process, ours)

    def _heard(self, worker: Worker) -> Iterator[Event]:
        try:
            event: Event = worker.pipe.recv()
        except (EOFError, OSError):
            self.workers.remove(worker)
            worker.stop()
            yield from _lost(worker)
            return
        if isinstance(event, Ended):
            worker.waiting.discard(event.trial.id)
            worker.job = worker.job if worker.waiting else None
        yield event


def _lost(worker: Worker) -> Iterator[Ended]:
    """Say of each trial that the worker still had that it is lost."""
    if worker.job is None:
        return
    fault = f"The worker process died (exit code {worker.process.exitcode})."
    for trial in worker.job.trials:
        if trial.id in worker.waiting:
            yield Ended(trial, worker.job.recipe, error=fault)
