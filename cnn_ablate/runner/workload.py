"""The work of a run: what waits, what runs, the fraction that is done, and the time left."""

import time
from collections.abc import Mapping

from cnn_ablate.executors import Ended, Event, Progress
from cnn_ablate.schema import RunningTrial
from cnn_ablate.text import about


class Workload:
    """The trials of a run and how far each has come."""

    def __init__(self) -> None:
        self.work: dict[str, float] = {}
        self.waiting: dict[str, None] = {}
        self.running: dict[str, RunningTrial] = {}
        self.ended = 0
        # The fraction of a trial that was done when this run resumed it.
        self.resumed_at: dict[str, float] = {}
        self.first_event: float | None = None

    def add(self, work: Mapping[str, float]) -> None:
        """Add trials to train: their work by id, in any unit."""
        self.work |= work
        self.waiting |= dict.fromkeys(work)

    def update(self, event: Event) -> None:
        """Record an event of the run."""
        if self.first_event is None:
            self.first_event = time.monotonic()
        if isinstance(event, Ended):
            self.ended += 1
            self.waiting.pop(event.trial.id, None)
            self.running.pop(event.trial.id, None)
        elif isinstance(event, Progress):
            self._on_progress(event)

    @property
    def share(self) -> float:
        """The fraction of this run's work that is done."""
        done, total = 0.0, 0.0
        for trial, work in self.work.items():
            running = self.running.get(trial)
            start = self.resumed_at.get(trial, 0.0)
            reached = running.epoch / running.epochs if running else trial not in self.waiting
            done += work * (reached - start)
            total += work * (1 - start)
        return done / total if total else 1.0

    @property
    def seconds_left(self) -> float | None:
        """The seconds until all trials have ended, at the speed so far; None if not known yet."""
        share = self.share
        if self.first_event is None or not share > 0:
            return None
        return (time.monotonic() - self.first_event) * (1 - share) / share

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
