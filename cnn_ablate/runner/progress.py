"""Writes progress.json during a run, for `cnn-ablate status` in another terminal."""

import os
import platform
import time

from cnn_ablate.executors import Event
from cnn_ablate.runner.jobs import Round
from cnn_ablate.runner.workload import Workload
from cnn_ablate.schema import RunProgress, timestamp
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
        self.look = ""
        self.workload = Workload()
        self.started = timestamp()
        self.last_write = 0.0

    def begin(self, round_: Round) -> None:
        """Begin a round of the run."""
        self.trials, self.look = tuple(round_.planned), round_.look
        self.workload.add(round_.work)
        self._write()

    def update(self, event: Event) -> None:
        """Record an event of the run."""
        self.workload.update(event)
        self.heartbeat()

    def heartbeat(self) -> None:
        """Write the file, unless it was written a moment ago."""
        if time.monotonic() - self.last_write > _SECONDS_BETWEEN_WRITES:
            self._write()

    def close(self) -> None:
        """Write that the run is over."""
        self.workload.running.clear()
        self._write(over=True)

    def _write(self, *, over: bool = False) -> None:
        if not self.workload.work:
            return
        self.last_write = time.monotonic()
        progress = RunProgress(
            trials=self.trials,
            waiting=tuple(self.workload.waiting),
            under_way=self.workload.running,
            share=self.workload.share,
            look=self.look,
            process=os.getpid(),
            machine=platform.node(),
            started=self.started,
            updated=timestamp(),
            over=over,
        )
        write_progress(self.store, self.study, progress)
