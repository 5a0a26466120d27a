"""What a run says of itself while it goes on, for `cnn-ablate status` in another terminal."""

import os
import platform
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from cnn_ablate.executors import Ended, Event, Progress
from cnn_ablate.schema import RunningTrial, RunProgress
from cnn_ablate.store import Store, write_standing

_SECONDS_BETWEEN_ENTRIES = 3.0


class ProgressWriter:
    """Keeps `progress.json` of a study true to a few seconds; of a run without work it says none.

    Args:
        store: Where it lies.
        study: The folder of the study.
        trials: Ids of all trials of its plan.
        work: Of those to train, how much work each is, in any unit.
    """

    def __init__(
        self, store: Store, study: str, trials: Sequence[str], work: Mapping[str, float]
    ) -> None:
        self.store = store
        self.study = study
        self.trials = tuple(trials)
        self.work = dict(work)
        self.waiting = dict.fromkeys(work)
        self.under_way: dict[str, RunningTrial] = {}
        self.found: dict[str, float] = {}
        self.started = _now()
        self.last_entry = 0.0
        self._write()

    def note(self, event: Event) -> None:
        """Take note of an event of the run."""
        if isinstance(event, Ended):
            self.waiting.pop(event.trial.id, None)
            self.under_way.pop(event.trial.id, None)
        else:
            self._progressed(event)
        self.beat()

    def beat(self) -> None:
        """Say that the run is alive, unless it has just done so."""
        if time.monotonic() - self.last_entry > _SECONDS_BETWEEN_ENTRIES:
            self._write()

    def close(self) -> None:
        """Say that the run is over."""
        self.under_way = {}
        self._write(over=True)

    def _progressed(self, event: Progress) -> None:
        # What an earlier run left of a trial is no work of this one.
        self.found.setdefault(event.trial, int(event.epoch) / event.epochs)
        self.under_way[event.trial] = RunningTrial(
            epoch=event.epoch, epochs=event.epochs, images_per_second=event.images_per_second
        )

    def _share(self) -> float:
        done, total = 0.0, 0.0
        for trial, work in self.work.items():
            at = self.under_way.get(trial)
            start = self.found.get(trial, 0.0)
            come = at.epoch / at.epochs if at else float(trial not in self.waiting)
            done += work * (come - start)
            total += work * (1 - start)
        return done / total if total else 1.0

    def _write(self, *, over: bool = False) -> None:
        if not self.work:
            return
        self.last_entry = time.monotonic()
        standing = RunProgress(
            trials=self.trials,
            waiting=tuple(self.waiting),
            under_way=self.under_way,
            share=self._share(),
            process=os.getpid(),
            machine=platform.node(),
            started=self.started,
            updated=_now(),
            over=over,
        )
        write_standing(self.store, self.study, standing)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
