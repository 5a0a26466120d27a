"""What a worker has to do, wherever it is: a job, its trials that have not ended, the time."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from cnn_ablate.executors.protocol import Ended, Event, Job

# Seconds between two looks at the clock. More than two at once are not charged to any trial: the
# machine slept, or this process was stopped.
TICK = 1.0


@dataclass(kw_only=True)
class Assignment:
    """The job of a worker, if it has one.

    `spent` is the seconds since the job was given, or since one of its trials last ended.
    """

    job: Job | None = None
    waiting: set[str] = field(default_factory=set)
    spent: float = 0.0

    def take(self, job: Job) -> None:
        """Begin a job."""
        self.job, self.spent = job, 0.0
        self.waiting = {trial.id for trial in job.trials}

    def heard(self, event: Event) -> None:
        """Take note of what the worker says; one whose trials have all ended has no job."""
        if isinstance(event, Ended):
            self.waiting.discard(event.trial.id)
            self.job, self.spent = self.job if self.waiting else None, 0.0

    def late(self) -> bool:
        """Say whether its trials take longer than they may, one with the other."""
        return self.job is not None and 0 < self.job.timeout * len(self.waiting) < self.spent

    def too_long(self) -> str:
        """Say so in words."""
        return f"No end after {self.spent:.0f} s, so it was stopped (--trial-timeout)."

    def lost(self, reason: str) -> Iterator[Ended]:
        """Say of each trial that has not ended why there is no result."""
        for trial in self.job.trials if self.job else ():
            if self.job and trial.id in self.waiting:
                yield Ended(trial, self.job.compute, error=reason, fault="lost")


Held = TypeVar("Held", bound=Assignment)


class TimeoutClock:
    """Charges the time that passes to all that is going on."""

    def __init__(self) -> None:
        self.before = time.monotonic()

    def late(self, duties: Iterable[Held]) -> list[Held]:
        """Charge the seconds since the last look, and give those that take too long."""
        now, going_on = time.monotonic(), list(duties)
        for duty in going_on:
            duty.spent += min(now - self.before, 2 * TICK)
        self.before = now
        return [duty for duty in going_on if duty.late()]
