"""The job that is assigned to a worker, and its time limit."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from cnn_ablate.executors.protocol import Ended, Event, Job

# Seconds for which an executor waits for events before it checks time limits.
TICK = 1.0


@dataclass(kw_only=True)
class Assignment:
    """The job that a worker has now, if any, and the seconds that it has taken so far."""

    job: Job | None = None
    seconds: float = 0.0

    def start(self, job: Job) -> None:
        """Assign a job."""
        self.job, self.seconds = job, 0.0

    def update(self, event: Event) -> None:
        """Note an event of the worker: after the end of its trial it has no job."""
        if isinstance(event, Ended):
            self.job = None

    def is_overdue(self) -> bool:
        """Return whether the job has taken longer than its time limit."""
        return self.job is not None and 0 < self.job.timeout < self.seconds

    def timeout_message(self) -> str:
        """Return the reason for stopping an overdue job."""
        return f"No end after {self.seconds:.0f} s, so it was stopped (--trial-timeout)."

    def lost(self, reason: str) -> Iterator[Ended]:
        """Yield the end of the job as lost, if there is one."""
        if self.job:
            yield Ended(self.job.trial, self.job.compute, error=reason, failure="lost")


WorkerT = TypeVar("WorkerT", bound=Assignment)


class TimeoutClock:
    """Adds the time that passes to all assignments."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def overdue(self, workers: Iterable[WorkerT]) -> list[WorkerT]:
        """Add the seconds since the last call to each worker, and return those that are overdue.

        At most two ticks are added per call: after a longer gap the machine was suspended, or this
        process stopped, and no trial is to blame.
        """
        now, workers = time.monotonic(), list(workers)
        for worker in workers:
            worker.seconds += min(now - self.last, 2 * TICK)
        self.last = now
        return [worker for worker in workers if worker.is_overdue()]
