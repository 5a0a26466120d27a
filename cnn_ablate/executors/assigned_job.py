"""The job that is assigned to a worker, and its time limit."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from cnn_ablate.executors.protocol import Ended, Event, Job
from cnn_ablate.schema import Trial

# Seconds for which an executor waits for events before it checks time limits.
TICK = 1.0


@dataclass(kw_only=True)
class Assignment:
    """The job that a worker has now, if any, the trials of it that are left, and its seconds."""

    job: Job | None = None
    left: dict[str, Trial] = field(default_factory=dict)
    seconds: float = 0.0

    def start(self, job: Job) -> None:
        """Assign a job."""
        self.job, self.seconds = job, 0.0
        self.left = {trial.id: trial for trial in job.trials}

    def update(self, event: Event) -> None:
        """Note an event of the worker: after the end of its last trial it has no job."""
        if isinstance(event, Ended):
            self.left.pop(event.trial.id, None)
            self.job = self.job if self.left else None

    def is_overdue(self) -> bool:
        """Return whether the job has taken longer than its time limit."""
        return self.job is not None and 0 < self.job.timeout < self.seconds

    def timeout_message(self) -> str:
        """Return the reason for stopping an overdue job."""
        return f"No end after {self.seconds:.0f} s, so it was stopped (--trial-timeout)."

    def lost(self, reason: str) -> Iterator[Ended]:
        """Yield the end of each trial that is left of the job as lost, if there is one."""
        if self.job:
            for trial in self.left.values():
                yield Ended(trial, self.job.compute, error=reason, failure="lost")


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
