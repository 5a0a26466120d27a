"""Worker processes on this machine, each single-threaded, forked from one warm server."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import ClassVar

from cnn_ablate import processes
from cnn_ablate.executors import worker_log
from cnn_ablate.executors.assignment import TICK, Assignment, TimeoutClock
from cnn_ablate.executors.protocol import Ended, Event, Job
from cnn_ablate.executors.resources import Resources
from cnn_ablate.executors.worker import work
from cnn_ablate.store import Store


@dataclass
class Worker(Assignment):
    """A process, its pipe and its log, and what it has to do."""

    process: BaseProcess
    pipe: Connection
    log: Path
    slot: int

    def give(self, job: Job) -> None:
        """Hand over a job; a worker that died meanwhile is noticed when it is next heard."""
        self.take(job)
        with suppress(OSError):
            self.pipe.send(job)

    def stop(self) -> None:
        """End the process, whatever it does."""
        self.pipe.close()
        self.process.kill()
        self.process.join()
        self.log.unlink(missing_ok=True)

    def lost(self, reason: str) -> Iterator[Ended]:
        """Say of each trial that has not ended why there is no result, and what it printed."""
        for ended in super().lost(reason):
            yield worker_log.with_tail(ended, self.log)


class Local:
    """A pool of processes that outlives the death of any of them."""

    elsewhere: ClassVar[bool] = False

    def __init__(self, terms: Resources) -> None:
        self.size = terms.here()
        self.workers: list[Worker] = []
        self.context = processes.context()

    def run(self, jobs: Iterable[Job]) -> Generator[Event, None, None]:
        """Run all jobs, the first ones first."""
        waiting = iter(jobs)
        clock = TimeoutClock()
        try:
            while self._hand_out(waiting):
                for pipe in wait([worker.pipe for worker in self.workers], TICK):
                    worker = next(worker for worker in self.workers if worker.pipe is pipe)
                    yield from self._heard(worker)
                for worker in clock.late(self.workers):
                    yield from self._given_up(worker, worker.too_long())
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
        slot = min(set(range(self.size)) - {worker.slot for worker in self.workers})
        process = self.context.Process(target=work, args=(theirs, log, slot), daemon=True)
        process.start()
        theirs.close()
        self.workers.append(Worker(process, ours, log, slot))
        return self.workers[-1]

    def _heard(self, worker: Worker) -> Iterator[Event]:
        try:
            event: Event = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join(TICK)
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
