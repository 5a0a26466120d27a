"""Worker processes on this machine, each single-threaded, forked from one warm server."""

import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from cnn_ablate.executors import logs, processes
from cnn_ablate.executors.events import Ended, Event, Job
from cnn_ablate.executors.terms import Terms
from cnn_ablate.executors.worker import work
from cnn_ablate.store import Store

# Seconds between two looks at the clock. More than two at once are not charged to any trial: the
# machine slept, or this process was stopped.
_TICK = 1.0


@dataclass
class Worker:
    """A process, its pipe and its log, the job it has, and the trials of it that have not ended.

    `spent` is the seconds since the job was given, or since one of its trials last ended.
    """

    process: BaseProcess
    pipe: Connection
    log: Path
    job: Job | None = None
    waiting: set[str] = field(default_factory=set)
    spent: float = 0.0

    def give(self, job: Job) -> None:
        """Hand over a job; a worker that died meanwhile is noticed when it is next heard."""
        self.job, self.spent = job, 0.0
        self.waiting = {trial.id for trial in job.trials}
        with suppress(OSError):
            self.pipe.send(job)

    def heard(self, event: Event) -> None:
        """Take note of what it says; a worker whose trials have all ended has no job."""
        if isinstance(event, Ended):
            self.waiting.discard(event.trial.id)
            self.job, self.spent = self.job if self.waiting else None, 0.0

    def late(self) -> bool:
        """Say whether its trials take longer than they may, one with the other."""
        return self.job is not None and 0 < self.job.timeout * len(self.waiting) < self.spent

    def stop(self) -> None:
        """End the process, whatever it does."""
        self.pipe.close()
        self.process.kill()
        self.process.join()
        self.log.unlink(missing_ok=True)

    def lost(self, reason: str) -> Iterator[Ended]:
        """Say of each trial that it still had why there is no result."""
        if self.job is None:
            return
        for trial in self.job.trials:
            if trial.id in self.waiting:
                ended = Ended(trial, self.job.recipe, error=reason, fault="lost")
                yield logs.with_tail(ended, self.log)


class Local:
    """A pool of processes that outlives the death of any of them."""

    def __init__(self, terms: Terms) -> None:
        self.size = terms.here()
        self.workers: list[Worker] = []
        self.context = processes.context()

    def run(self, jobs: Iterable[Job]) -> Generator[Event, None, None]:
        """Run all jobs, the first ones first."""
        waiting = iter(jobs)
        before = time.monotonic()
        try:
            while self._hand_out(waiting):
                for pipe in wait([worker.pipe for worker in self.workers], _TICK):
                    worker = next(worker for worker in self.workers if worker.pipe is pipe)
                    yield from self._heard(worker)
                before = self._charge(before)
                for worker in [worker for worker in self.workers if worker.late()]:
                    yield from self._given_up(worker, _too_long(worker))
        finally:
            while self.workers:
                self.workers.pop().stop()

    def _hand_out(self, waiting: Iterator[Job]) -> bool:
        """Give each idle worker a job, and say whether any worker has one."""
        idle = [worker for worker in self.workers if worker.job is None]
        while (idle or len(self.workers) < self.size) and (job := next(waiting, None)):
            if not idle:
                idle.append(self._started(job))
            idle.pop(0).give(job)
        return any(worker.job for worker in self.workers)

    def _started(self, job: Job) -> Worker:
        ours, theirs = self.context.Pipe()
        log = Store(job.results).new_log()
        process = self.context.Process(target=work, args=(theirs, log), daemon=True)
        process.start()
        theirs.close()
        self.workers.append(Worker(process, ours, log))
        return self.workers[-1]

    def _charge(self, before: float) -> float:
        now = time.monotonic()
        for worker in self.workers:
            worker.spent += min(now - before, 2 * _TICK)
        return now

    def _heard(self, worker: Worker) -> Iterator[Event]:
        try:
            event: Event = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join(_TICK)
            reason = f"The worker process died (exit code {worker.process.exitcode})."
            yield from self._given_up(worker, reason)
            return
        worker.heard(event)
        yield event

    def _given_up(self, worker: Worker, reason: str) -> Iterator[Ended]:
        self.workers.remove(worker)
        ended = list(worker.lost(reason))
        worker.stop()
        yield from ended


def _too_long(worker: Worker) -> str:
    return f"No end after {worker.spent:.0f} s, so it was stopped (--trial-timeout)."
