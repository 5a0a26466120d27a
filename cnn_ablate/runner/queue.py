"""The job queue: locks each trial against other runs, and requeues trials that may yet succeed."""

import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Self

from cnn_ablate.executors import Ended, Event, Executor, Job, Waiting
from cnn_ablate.locks import LockHolder, Locks
from cnn_ablate.schema import Trial
from cnn_ablate.store import Store

# Seconds between two looks at what other runs are training.
_PAUSE = 1.0


class JobQueue:
    """Jobs that wait, jobs that other runs have locked, and jobs that are to be retried.

    A lost trial is retried up to `retries` times. One that ran out of memory beside others is
    retried once, alone. No retry is trained together with others, so that none of them is lost
    with it again.

    Args:
        jobs: In the order in which they are to run.
        store: Has the results of other runs.
        locks: Keep other runs from training the trials of this one.
        retrain: Ids of trials to train although they are done.
        retries: How often a lost trial is retried.
    """

    def __init__(
        self,
        jobs: Iterable[Job],
        store: Store,
        locks: Locks,
        *,
        retrain: Collection[str] = (),
        retries: int = 1,
    ) -> None:
        self.waiting = deque(jobs)
        self.store, self.locks, self.retrain, self.retries = store, locks, set(retrain), retries
        self.locked: deque[Job] = deque()
        # Waits until no other job runs.
        self.solitary: deque[Job] = deque()
        self.running: dict[str, Job] = {}
        # Ids of trials that ran beside others in their last attempt.
        self.had_neighbours: set[str] = set()
        self.losses: Counter[str] = Counter()
        self.done_elsewhere: deque[Ended] = deque()
        self.waits_for: tuple[LockHolder, ...] | None = None

    def __iter__(self) -> Self:
        """Return the queue, from which an executor takes a job when a worker is free."""
        return self

    def __next__(self) -> Job:
        """Return the next job that no other run has locked.

        After StopIteration there may be more, if trials are retried.
        """
        while self.waiting:
            job = self.waiting.popleft()
            if claimed := [trial for trial in job.trials if self._claim(job, trial)]:
                self._start(job := job.only(*claimed))
                return job
        raise StopIteration

    def events(
        self, executor: Executor, heartbeat: Callable[[], None] = lambda: None
    ) -> Iterator[Event]:
        """Run all jobs until each trial has ended for good, in this run or in another.

        Args:
            executor: Runs the jobs.
            heartbeat: Called every second while other runs train all that is left.
        """
        while self.waiting or self.solitary or self.locked:
            if not self.waiting and self.solitary:
                self.waiting.append(self.solitary.popleft())
            with closing(executor.run(self)) as events:
                for event in events:
                    yield from self._on_event(event)
                    yield from self._ended_elsewhere()
            yield from self._ended_elsewhere()
            while self.locked and not (self.waiting or self.solitary):
                time.sleep(_PAUSE)
                yield from self._on_wait()
                heartbeat()
                self._claim_released()
                yield from self._ended_elsewhere()

    def _start(self, job: Job) -> None:
        """Note that a job runs, and beside which others."""
        names = {trial.id for trial in job.trials}
        self.had_neighbours -= names
        if self.running or job.others or job.compute.width > 1:
            self.had_neighbours |= {*self.running, *names}
        self.running |= dict.fromkeys(names, job)

    def _on_event(self, event: Event) -> Iterator[Event]:
        """Yield an event, unless it is the end of a trial that is retried."""
        if not isinstance(event, Ended):
            yield event
            return
        job = self.running.pop(event.trial.id)
        if not event.result and self._requeue(job.only(event.trial), event):
            return
        yield event
        self.locks.release(event.trial.key)

    def _requeue(self, job: Job, ended: Ended) -> bool:
        """Queue a failed trial again if it may succeed; return whether it was."""
        trial = ended.trial.id
        if ended.failure == "lost" and self.losses[trial] < self.retries:
            self.losses[trial] += 1
            self.waiting.append(job)
            return True
        if ended.failure == "memory" and trial in self.had_neighbours:
            # As wide a program would need as much memory for one trial as for many.
            self.solitary.append(replace(job, compute=job.compute.model_copy(update={"width": 1})))
            return True
        return False

    def _claim(self, job: Job, trial: Trial) -> bool:
        """Lock a trial of a job; return whether it is this run's to train."""
        if self.locks.acquire(trial.key):
            return not self._is_finished(trial)
        self.locked.append(job.only(trial))
        self.retrain.discard(trial.id)
        return False

    def _is_finished(self, trial: Trial) -> bool:
        """Return whether another run has trained a trial meanwhile; its end is then reported."""
        if trial.id in self.retrain or not self.store.is_done(trial):
            return False
        if result := self.store.result(trial):
            self.done_elsewhere.append(Ended(trial, result.compute, result, kept=True))
            self.locks.release(trial.key)
        return result is not None

    def _claim_released(self) -> None:
        """Queue the trials that other runs have released without a result."""
        for _ in range(len(self.locked)):
            job = self.locked.popleft()
            if self._claim(job, job.trial):
                self.waiting.append(job)

    def _on_wait(self) -> Iterator[Waiting]:
        """Yield for which other runs this one waits, if these are not the same as before."""
        known = (self.locks.holder(job.trial.key) for job in self.locked)
        first: dict[tuple[int, str], LockHolder] = {}
        for holder in sorted(filter(None, known), key=lambda holder: holder.since):
            first.setdefault((holder.process, holder.machine), holder)
        if self.waits_for != (holders := tuple(first.values())):
            self.waits_for = holders
            yield Waiting(len(self.locked), holders)

    def _ended_elsewhere(self) -> Iterator[Ended]:
        while self.done_elsewhere:
            yield self.done_elsewhere.popleft()
