"""The work of a run: what waits, what runs, the fraction that is done, and the time left."""

import time
from collections.abc import Mapping

from cnn_ablate.executors import Ended, Event, Progress
from cnn_ablate.schema import RunningTrial
from cnn_ablate.text import about

# Seconds before which a speed is no estimate: workers report their first batches all at once.
_SHORTEST = 1.0


class Workload:
    """The trials of a run and how far each has come."""

    def __init__(self) -> None:
        self.work: dict[str, float] = {}
        self.waiting: dict[str, None] = {}
        self.running: dict[str, RunningTrial] = {}
        self.ended = 0
        # The fraction of a trial that was done when this run resumed it.
        self.resumed_at: dict[str, float] = {}
        # When the first event came, and the work that was done by then.
        self.first_event: tuple[float, float] | None = None

    def add(self, work: Mapping[str, float]) -> None:
        """Add trials to train: their work by id, in any unit."""
        self.work |= work
        self.waiting |= dict.fromkeys(work)

    def update(self, event: Event) -> None:
        """Record an event of the run."""
        if isinstance(event, Ended):
            self.ended += 1
            self.waiting.pop(event.trial.id, None)
            self.running.pop(event.trial.id, None)
        elif isinstance(event, Progress):
            self._on_progress(event)
        if self.first_event is None:
            self.first_event = time.monotonic(), self._done_and_total()[0]

    @property
    def share(self) -> float:
        """The fraction of this run's work that is done."""
        done, total = self._done_and_total()
        return done / total if total else 1.0

    @property
    def seconds_left(self) -> float | None:
        """The seconds until all trials have ended, at the speed so far; None if not known yet."""
        if self.first_event is None:
            return None
        done, total = self._done_and_total()
        start, done_then = self.first_event
        seconds = time.monotonic() - start
        if done == total:
            return 0.0
        if seconds < _SHORTEST or done <= done_then:
            return None
        return seconds * (total - done) / (done - done_then)

    @property
    def summary(self) -> str:
        """How many trials have ended, and the time left: `3 of 18, about 4 min left`."""
        left = self.seconds_left
        remaining = f", {about(left)} left" if left else ""
        return f"{self.ended:,} of {len(self.work):,}{remaining}"

    def _on_progress(self, event: Progress) -> None:
        # Epochs of an earlier run are no work of this one.
        self.resumed_at.setdefault(event.trial, int(event.epoch) / event.epochs)
        self.running[event.trial] = RunningTrial(
            epoch=event.epoch, epochs=event.epochs, images_per_second=event.images_per_second
        )

    def _done_and_total(self) -> tuple[float, float]:
        done, total = 0.0, 0.0
        for trial, work in self.work.items():
            running = self.running.get(trial)
            start = self.resumed_at.get(trial, 0.0)
            reached = running.epoch / running.epochs if running else trial not in self.waiting
            done += work * (reached - start)
            total += work * (1 - start)
        return done, total
