"""Train the outstanding trials of a study, store each result, and rebuild the study's tables.

The only place that decides what a trial's failure means.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import torch

from cnn_ablate.analysis import Analysis, analyse, write_analysis
from cnn_ablate.errors import UserError
from cnn_ablate.executors import Ended, Event, Job
from cnn_ablate.locks import Locks
from cnn_ablate.runner.autotune import choose_compute
from cnn_ablate.runner.config import RunConfig, executor_class
from cnn_ablate.runner.environment import study_record
from cnn_ablate.runner.jobs import build_jobs, training_work
from cnn_ablate.runner.prepare import Prepared, sample_images
from cnn_ablate.runner.progress import ProgressWriter
from cnn_ablate.runner.queue import JobQueue
from cnn_ablate.runner.signals import InterruptHandler
from cnn_ablate.schema import Record, Trial, TrialResult, timestamp
from cnn_ablate.store import (
    LAST_TABLE,
    Results,
    Store,
    read,
    write_samples,
    write_study,
)

OnEvent = Callable[[Event], None]

# Fields of a record that differ between two runs of an unchanged study.
_CIRCUMSTANCES = ("compute", "environment", "command", "started", "finished")


def run(
    prepared: Prepared, trials: Sequence[Trial], config: RunConfig, on_event: OnEvent
) -> Analysis:
    """Train some trials of a study, and rebuild its tables from all that are stored.

    Args:
        prepared: The study, with the trials of it that are done.
        trials: Those to train, resumed from their checkpoints unless they are done. Unless empty,
            trials that were done and have been removed meanwhile are trained, too.
        config: Where results are, and on what to run.
        on_event: Called with every event.

    Raises:
        UserError: results cannot be written, or were removed during the run.
        KeyboardInterrupt: the user interrupted it; what is done is stored, and in the tables.
    """
    store, started = Store(config.results), timestamp()
    writing = bool(trials or prepared.notes)
    lock = store.run_lock() if writing else Locks(store.root)
    with InterruptHandler() as interrupts, lock as locks:
        current, todo = _recheck(prepared, trials, store, locks) if writing else (prepared, trials)
        queue, progress = _set_up(current, todo, config, locks)
        executor = executor_class(config.executor)(config.resources)
        try:
            for event in queue.events(executor, progress.heartbeat):
                if isinstance(event, Ended) and not event.kept:
                    with interrupts.deferred():
                        store.publish(event.result or _failed(event))
                progress.update(event)
                on_event(event)
        finally:
            with interrupts.deferred():
                progress.close()
                analysis = _conclude(current, config, started, idle=not todo)
    expected = prepared.done.union(trial.id for trial in trials)
    _check_none_removed(analysis.results, expected)
    return analysis


def _recheck(
    prepared: Prepared, trials: Sequence[Trial], store: Store, locks: Locks
) -> tuple[Prepared, Sequence[Trial]]:
    """Move damaged trials aside, and add those to train that have been removed meanwhile."""
    planned = {trial.id: trial for trial in prepared.plan.trials}
    marked = {trial.id for trial in planned.values() if store.is_marked_done(trial)}
    damaged, removed = marked - prepared.done, prepared.done - marked
    for trial in (planned[name] for name in damaged):
        # One that is locked is being trained by another run.
        if locks.acquire(trial.key):
            store.remove_damaged(trial)
            locks.release(trial.key)
    todo = {trial.id: trial for trial in trials}
    todo |= {name: trial for name, trial in planned.items() if name in removed}
    return replace(prepared, done=prepared.done & marked), [*todo.values()]


def _set_up(
    prepared: Prepared, trials: Sequence[Trial], config: RunConfig, locks: Locks
) -> tuple[JobQueue, ProgressWriter]:
    """Queue one job per trial, and begin to write the progress of the run."""
    store, planned = Store(config.results), prepared.plan.trials
    jobs: list[Job] = []
    if trials:
        jobs = build_jobs(prepared, trials, choose_compute(prepared, config), config)
        store.drop_checkpoints(trial for trial in planned if trial.id in prepared.done)
    retries = config.retry.retries
    queue = JobQueue(jobs, store, locks, retrain=prepared.done, retries=retries)
    work = {trial.id: training_work(prepared, trial) for trial in trials}
    ids = [trial.id for trial in planned]
    return queue, ProgressWriter(store, prepared.study.folder, ids, work)


def _failed(event: Ended) -> TrialResult:
    return TrialResult(
        trial=event.trial,
        status="failed",
        error=event.error,
        compute=event.compute,
        torch=torch.__version__,
        started=timestamp(),
    )


def _conclude(prepared: Prepared, config: RunConfig, started: str, *, idle: bool) -> Analysis:
    """Write the tables of a study, unless nothing was trained and they are up to date."""
    # A new store also has what other runs have published meanwhile.
    store = Store(config.results)
    record = study_record(prepared, config.device, started)
    if not idle:
        return _write_tables(prepared, record, store)
    with suppress(UserError):  # damaged tables are written anew
        if results := _unchanged(record, store):
            return analyse(results)
    with store.run_lock():
        return _write_tables(prepared, record, store)


def _unchanged(record: Record, store: Store) -> Results | None:
    """Return a study as written, if its tables are complete and hold this plan and all trials."""
    if not (store.root / record.study.folder / LAST_TABLE).is_file():
        return None
    results = read(store.root, record.study.folder)
    circumstances = {name: getattr(record, name) for name in _CIRCUMSTANCES}
    same = results.record.model_copy(update=circumstances) == record
    return results if same and results.is_written else None


def _write_tables(prepared: Prepared, record: Record, store: Store) -> Analysis:
    write_samples(store, record.study.folder, sample_images(prepared))
    analysis = analyse(write_study(store, record))
    write_analysis(analysis)
    return analysis


def _check_none_removed(results: Results, expected: frozenset[str]) -> None:
    """Raise a UserError if trials that were trained are not in the tables."""
    if removed := expected - set(results.trials["trial"]):
        what = f"{len(removed)} of the trials that were trained are gone: was the folder removed?"
        raise UserError(str(results.store.root), what, "The same command trains them again.")
