"""The jobs of a run, handed out one by one: no trial to two runs, and again if it was lost."""

import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Self

from cnn_ablate.executors import Ended, Event, Executor, Job
from cnn_ablate.locks import Locks
from cnn_ablate.runner.retries import another
from cnn_ablate.schema import Trial
from cnn_ablate.store import Store

# Seconds between two looks at what other runs are training.
_PAUSE = 1.0


class JobQueue:
    """Jobs that wait, jobs that other runs have, and trials that come back for another attempt.

    Args:
        jobs: In the order in which they are to run.
        store: Tells what other runs have finished meanwhile.
        locks: Keep other runs away from the trials of this one.
        anew: Ids of trials that are done and yet to be trained.
        retries: How often a trial may be lost and tried again.
    """

    def __init__(
        self,
        jobs: Iterable[Job],
        store: Store,
        locks: Locks,
        *,
        anew: Collection[str] = (),
        retries: int = 1,
    ) -> None:
        self.waiting = deque(jobs)
        self.store, self.locks, self.anew, self.retries = store, locks, set(anew), retries
        self.elsewhere: deque[Job] = deque()
        self.given: dict[str, Job] = {}
        self.lost: Counter[str] = Counter()
        self.found: deque[Ended] = deque()

    def __iter__(self) -> Self:
        """Hand out the jobs that no other run has, each when it is asked for."""
        return self

    def __next__(self) -> Job:
        """Give the next job; after the last one there may be more, if trials come back."""
        while self.waiting:
            if job := self._taken(self.waiting.popleft()):
                self.given |= {trial.id: job for trial in job.trials}
                return job
        raise StopIteration

    def events(
        self, executor: Executor, beat: Callable[[], None] = lambda: None
    ) -> Iterator[Event]:
        """Run all jobs until each trial has come to its one `Ended`, in this run or another.

        Args:
            executor: On which to run them.
            beat: Called every second while there is nothing to do but wait for other runs.
        """
        while self.waiting or self.elsewhere:
            with closing(executor.run(self)) as happening:
                for event in happening:
                    yield from self._heard(event)
                    yield from self._news()
            yield from self._news()
            while self.elsewhere and not self.waiting:
                time.sleep(_PAUSE)
                beat()
                self._look_elsewhere()
                yield from self._news()

    def _heard(self, event: Event) -> Iterator[Event]:
        """Pass an event on, unless it is a trial's end that may yet be averted."""
        if not isinstance(event, Ended):
            yield event
            return
        job = self.given[event.trial.id]
        self.lost[event.trial.id] += event.fault == "lost"
        left = 1 + self.retries - self.lost[event.trial.id]
        if not event.result and (again := another(job, event, left)):
            self.waiting.append(again)
            return
        yield event
        self.locks.drop(event.trial.key)

    def _taken(self, job: Job) -> Job | None:
        """Lock the trials of a job, and leave out what another run has finished by now."""
        refused = [trial for trial in job.trials if not self.locks.take(trial.key)]
        if refused:
            self.elsewhere.append(replace(job, trials=tuple(refused)))
            self.anew.difference_update(trial.id for trial in refused)
        taken = (trial for trial in job.trials if trial not in refused)
        left = tuple(trial for trial in taken if not self._is_finished(trial))
        return replace(job, trials=left) if left else None

    def _is_finished(self, trial: Trial) -> bool:
        if trial.id in self.anew or not self.store.is_done(trial):
            return False
        if result := self.store.result(trial):
            self.found.append(Ended(trial, result.compute, result, kept=True))
            self.locks.drop(trial.key)
        return result is not None

    def _look_elsewhere(self) -> None:
        """Take over what other runs have let go of, done or not."""
        for _ in range(len(self.elsewhere)):
            if job := self._taken(self.elsewhere.popleft()):
                self.waiting.append(job)

    def _news(self) -> Iterator[Ended]:
        """Tell what other runs have finished."""
        while self.found:
            yield self.found.popleft()
