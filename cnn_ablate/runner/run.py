"""Train the outstanding trials of a study, store each result, and rebuild the study's tables.

The only place that decides what a trial's failure means.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from cnn_ablate.analysis import Analysis, analyse, write_analysis
from cnn_ablate.custom import search_folders, user_code_folder
from cnn_ablate.errors import UserError
from cnn_ablate.executors import Ended, Event, Waiting
from cnn_ablate.locks import LockHolder, Locks
from cnn_ablate.runner.baseline_network import sample_images, training_images
from cnn_ablate.runner.config import RunConfig, executor_class
from cnn_ablate.runner.jobs import Round, build_jobs
from cnn_ablate.runner.prepare import Prepared
from cnn_ablate.runner.preregistration_log import log_preregistration, with_history
from cnn_ablate.runner.progress import ProgressWriter
from cnn_ablate.runner.queue import JobQueue
from cnn_ablate.runner.rounds import needed, rounds
from cnn_ablate.runner.run_record import study_record
from cnn_ablate.runner.signals import InterruptHandler
from cnn_ablate.runner.trial_compute_settings import with_compute
from cnn_ablate.schema import Look, Record, Trial, TrialResult, timestamp
from cnn_ablate.store import (
    OnWait,
    Results,
    Store,
    is_sealed,
    move_damaged_tables,
    read,
    write_samples,
    write_study,
)

OnEvent = Callable[[Event], None]
OnRound = Callable[[Round], None]

# Fields of a record that differ between two runs of an unchanged study.
_CIRCUMSTANCES = ("compute", "environment", "command", "started", "finished")


def run(
    prepared: Prepared,
    trials: Sequence[Trial],
    config: RunConfig,
    on_event: OnEvent,
    on_round: OnRound = lambda _: None,
) -> Analysis:
    """Train some trials of a study, and rebuild its tables from all that are stored.

    Args:
        prepared: The study, with the trials of it that are done.
        trials: Those to train, resumed from their checkpoints unless they are done; with looks,
            the most that may be trained. Unless empty, also those removed meanwhile are trained.
        config: Where results are, and on what to run.
        on_event: Called with every event.
        on_round: Called with each round before it is trained.

    Raises:
        UserError: results cannot be written, or were removed during the run.
        KeyboardInterrupt: what is done until then is stored, and in the tables.
    """
    store, started, on_wait = Store(config.results), timestamp(), partial(_wait, on_event)
    trials = needed(prepared, trials, config.results)
    writing = bool(trials or prepared.notes)
    lock = store.run_lock(on_wait) if writing else Locks(store.root)
    with InterruptHandler() as interrupts, lock as locks:
        current, todo = _recheck(prepared, trials, store, locks) if writing else (prepared, trials)
        progress = ProgressWriter(store, prepared.study.folder)
        finished: list[Round] = []
        try:
            _log(current, todo, config, started)
            for planned in rounds(current, todo, config.results):
                on_round(round_ := with_compute(current, planned, config))
                for event in _train(current, round_, config, locks, progress):
                    with interrupts.deferred():
                        _publish(event, current, store)
                        progress.update(event)
                        on_event(event)
                finished.append(round_)
        finally:
            with interrupts.deferred():
                progress.close()
                analysis = _conclude(current, started, config, finished if todo else None, on_wait)
    _check_none_removed(analysis.results, prepared, finished)
    return analysis


def _wait(on_event: OnEvent, holder: LockHolder | None) -> None:
    """Report that another process cleans up, for whose end the run waits."""
    on_event(Waiting(0, (holder,) if holder else ()))


def _log(prepared: Prepared, todo: Sequence[Trial], config: RunConfig, started: str) -> None:
    """Log what a study states before any of its trials is trained."""
    if todo:
        record = study_record(prepared, config.device, started)
        log_preregistration(prepared, record, Store(config.results))


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


def _train(
    prepared: Prepared, round_: Round, config: RunConfig, locks: Locks, progress: ProgressWriter
) -> Iterator[Event]:
    """Yield the events of the trials of a round, and write the progress meanwhile."""
    progress.begin(round_)
    if not round_.trials:
        return
    store = Store(config.results)
    jobs = build_jobs(prepared, round_, config)
    store.drop_checkpoints(trial for trial in prepared.plan.trials if trial.id in prepared.done)
    retries = config.retry.retries
    queue = JobQueue(jobs, store, locks, retrain=prepared.done, retries=retries)
    executor = executor_class(config.executor)(config.resources)
    yield from queue.events(executor, progress.heartbeat)


def _failed(event: Ended) -> TrialResult:
    return TrialResult(
        trial=event.trial,
        status="failed",
        error=event.error,
        compute=event.compute,
        torch="" if event.compute.is_external else torch.__version__,
        started=timestamp(),
    )


def _publish(event: Event, prepared: Prepared, store: Store) -> None:
    """Store the result of a trial that this run has trained, with where its code was."""
    if isinstance(event, Ended) and not event.kept:
        result = event.result or _failed(event)
        if event.trial.has_user_code:
            folders = _code_folders(prepared, store.root)
            result = result.model_copy(update={"code_folders": folders})
        store.publish(result)


def _code_folders(prepared: Prepared, results: Path) -> tuple[str, ...]:
    """Return the folders in which user-defined code is searched, relative to the results."""
    with user_code_folder(prepared.code_folder):
        return tuple(os.path.relpath(folder, results.resolve()) for folder in search_folders())


def _conclude(
    prepared: Prepared,
    started: str,
    config: RunConfig,
    finished: Sequence[Round] | None,
    on_wait: OnWait,
) -> Analysis:
    """Write the tables of a study; unless they are up to date, if no round was to be trained."""
    record = study_record(prepared, config.device, started)
    # A new store also has what other runs have published meanwhile.
    store = Store(config.results)
    if finished is not None:
        return _write_tables(prepared, record, store, finished)
    with suppress(UserError):  # damaged tables are written anew
        if results := _unchanged(with_history(record, store), store):
            return analyse(results)
    with store.run_lock(on_wait):
        return _write_tables(prepared, record, store)


def _unchanged(record: Record, store: Store) -> Results | None:
    """Return a study as written, if its tables are whole and hold this plan and all trials."""
    if not is_sealed(store.root / record.study.folder):
        return None
    results = read(store.root, record.study.folder)
    circumstances = {name: getattr(record, name) for name in _CIRCUMSTANCES}
    same = results.record.model_copy(update=circumstances) == record
    return results if same and results.is_written else None


def _write_tables(
    prepared: Prepared, record: Record, store: Store, finished: Sequence[Round] = ()
) -> Analysis:
    log_preregistration(prepared, record, store)
    move_damaged_tables(store, record.study.folder)
    samples, training = sample_images(prepared), training_images(prepared)
    write_samples(store, record.study.folder, samples, training)
    looks = [
        Look(time=record.finished, seeds=round_.seeds, trials=len(round_.planned))
        for round_ in finished
        if round_.trials
    ]
    analysis = analyse(write_study(store, with_history(record, store, looks)))
    write_analysis(analysis)
    return analysis


def _check_none_removed(results: Results, prepared: Prepared, finished: Sequence[Round]) -> None:
    """Raise a UserError if trials that were trained are not in the tables."""
    trained = {trial.id for round_ in finished for trial in round_.trials}
    if removed := (prepared.done | trained) - (
        set(results.trials["trial"]) - results.written.rows.keys()
    ):
        what = f"{len(removed)} of the trials that were trained are gone: was the folder removed?"
        raise UserError(str(results.store.root), what, "The same command trains them again.")
