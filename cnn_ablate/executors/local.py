"""Worker processes on this machine, each with one thread, forked from a server that has torch."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import ClassVar

from cnn_ablate import fork_server
from cnn_ablate.errors import UserError
from cnn_ablate.executors import worker_log
from cnn_ablate.executors.assigned_job import TICK, Assignment, TimeoutClock
from cnn_ablate.executors.protocol import Ended, Event, Job
from cnn_ablate.executors.resources import Resources
from cnn_ablate.executors.worker import run_worker
from cnn_ablate.store import Store

# How often to try to start a process.
_ATTEMPTS = 3


@dataclass
class WorkerProcess(Assignment):
    """A process, its pipe, its log, and its number among the workers.

    Each worker has a pipe of its own: a queue that all share has a lock, and a worker that is
    killed while it holds that would block the others.
    """

    process: BaseProcess
    pipe: Connection
    log: Path
    slot: int

    def send(self, job: Job) -> None:
        """Assign a job; if the process has died meanwhile, the next read of its pipe shows it."""
        self.start(job)
        with suppress(OSError):
            self.pipe.send(job)

    def stop(self) -> None:
        """Kill the process, and remove its log."""
        self.pipe.close()
        self.process.kill()
        self.process.join()
        self.log.unlink(missing_ok=True)

    def lost(self, reason: str) -> Iterator[Ended]:
        """Yield the end of the job as lost, with the last lines that it printed."""
        for ended in super().lost(reason):
            yield worker_log.with_tail(ended, self.log)


class LocalExecutor:
    """A pool of processes, any of which may die without harm to the others.

    `concurrent.futures` and `multiprocessing.Pool` break, or wait for ever, if a worker is killed.
    """

    is_remote: ClassVar[bool] = False

    def __init__(self, resources: Resources) -> None:
        self.size = resources.local_workers()
        self.workers: list[WorkerProcess] = []
        self.context = fork_server.context()

    def run(self, jobs: Iterable[Job]) -> Generator[Event, None, None]:
        """Run all jobs in their order."""
        queue = iter(jobs)
        clock = TimeoutClock()
        try:
            while self._assign(queue):
                for pipe in wait([worker.pipe for worker in self.workers], TICK):
                    worker = next(worker for worker in self.workers if worker.pipe is pipe)
                    yield from self._on_message(worker)
                for worker in clock.overdue(self.workers):
                    yield from self._discard(worker, worker.timeout_message())
        finally:
            # Also when the generator is closed early, or the program is interrupted.
            while self.workers:
                self.workers.pop().stop()

    def _assign(self, queue: Iterator[Job]) -> bool:
        """Assign jobs to idle workers, starting them as needed; return whether any has a job."""
        idle = [worker for worker in self.workers if worker.job is None]
        while (idle or len(self.workers) < self.size) and (job := next(queue, None)):
            if not idle:
                idle.append(self._start_worker(job))
            idle.pop(0).send(job)
        return any(worker.job for worker in self.workers)

    def _start_worker(self, job: Job) -> WorkerProcess:
        parent_end, worker_end = self.context.Pipe()
        log = Store(job.results).new_log_path()
        # The lowest free number: that of a dead worker is taken over, and its GPU with it.
        slot = min(set(range(self.size)) - {worker.slot for worker in self.workers})
        process = self._start_process(worker_end, log, slot)
        # With no other copy of its end open, reading fails as soon as the worker dies.
        worker_end.close()
        self.workers.append(WorkerProcess(process, parent_end, log, slot))
        return self.workers[-1]

    def _start_process(self, *args: object) -> BaseProcess:
        """Start a process; if the fork server has died, the next attempt starts another one.

        Raises:
            UserError: the system gives none.
        """
        for attempt in range(_ATTEMPTS):
            process: BaseProcess = self.context.Process(target=run_worker, args=args, daemon=True)
            try:
                process.start()
            except (EOFError, OSError) as error:
                if attempt == _ATTEMPTS - 1:
                    what = f"cannot be started: {error or type(error).__name__}."
                    hint = "See the limits of processes, open files and memory (ulimit -a)."
                    raise UserError("worker process", what, hint) from error
            else:
                break
        return process

    def _on_message(self, worker: WorkerProcess) -> Iterator[Event]:
        try:
            event: Event = worker.pipe.recv()
        except (EOFError, OSError):
            # The pipe closes slightly before the exit code is known.
            worker.process.join(TICK)
            reason = f"The worker process died (exit code {worker.process.exitcode})."
            yield from self._discard(worker, reason)
            return
        worker.update(event)
        yield event

    def _discard(self, worker: WorkerProcess, reason: str) -> Iterator[Ended]:
        self.workers.remove(worker)
        # Before the stop, which removes the log that the message quotes.
        ended = list(worker.lost(reason))
        worker.stop()
        yield from ended
