"""Writes progress.json during a run, for `cnn-ablate status` in another terminal."""

import os
import platform
import time
from collections.abc import Mapping, Sequence

from cnn_ablate.executors import Ended, Event, Progress
from cnn_ablate.schema import RunningTrial, RunProgress, timestamp
from cnn_ablate.store import Store, write_progress

_SECONDS_BETWEEN_WRITES = 3.0


class ProgressWriter:
    """Keeps `progress.json` of a study up to date within seconds; writes none without work.

    Args:
        store: Where results are kept.
        study: Folder name of the study.
    """

    def __init__(self, store: Store, study: str) -> None:
        self.store = store
        self.study = study
        self.trials: tuple[str, ...] = ()
        self.work: dict[str, float] = {}
        self.look = ""
        self.waiting: dict[str, None] = {}
        self.running: dict[str, RunningTrial] = {}
        # The fraction of a trial that was done when this run resumed it.
        self.resumed_at: dict[str, float] = {}
        self.started = timestamp()
        self.last_write = 0.0

    def begin(self, trials: Sequence[str], work: Mapping[str, float], look: str = "") -> None:
        """Begin a round of the run.

        Args:
            trials: Ids of all trials that the study needs so far.
            work: Work per trial to train, by id, in any unit.
            look: The state of a study with looks.
        """
        self.trials, self.look = tuple(trials), look
        self.work |= work
        self.waiting |= dict.fromkeys(work)
        self._write()

    def update(self, event: Event) -> None:
        """Record an event of the run."""
        if isinstance(event, Ended):
            self.waiting.pop(event.trial.id, None)
            self.running.pop(event.trial.id, None)
        else:
            self._on_progress(event)
        self.heartbeat()

    def heartbeat(self) -> None:
        """Write the file, unless it was written a moment ago."""
        if time.monotonic() - self.last_write > _SECONDS_BETWEEN_WRITES:
            self._write()

    def close(self) -> None:
        """Write that the run is over."""
        self.running = {}
        self._write(over=True)

    def _on_progress(self, event: Progress) -> None:
        # Epochs of an earlier run are no work of this one.
        self.resumed_at.setdefault(event.trial, int(event.epoch) / event.epochs)
        self.running[event.trial] = RunningTrial(
            epoch=event.epoch, epochs=event.epochs, images_per_second=event.images_per_second
        )

    def _share_done(self) -> float:
        """Return the fraction of this run's work that is done."""
        done, total = 0.0, 0.0
        for trial, work in self.work.items():
            running = self.running.get(trial)
            start = self.resumed_at.get(trial, 0.0)
            reached = running.epoch / running.epochs if running else trial not in self.waiting
            done += work * (reached - start)
            total += work * (1 - start)
        return done / total if total else 1.0

    def _write(self, *, over: bool = False) -> None:
        if not self.work:
            return
        self.last_write = time.monotonic()
        progress = RunProgress(
            trials=self.trials,
            waiting=tuple(self.waiting),
            under_way=self.running,
            share=self._share_done(),
            look=self.look,
            process=os.getpid(),
            machine=platform.node(),
            started=self.started,
            updated=timestamp(),
            over=over,
        )
        write_progress(self.store, self.study, progress)
