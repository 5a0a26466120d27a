"""Train what is missing, keep each result as it comes, and rebuild the study's tables.

The only place that decides what a trial's failure means.
"""

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from cnn_ablate.claims import verdicts
from cnn_ablate.data import split
from cnn_ablate.errors import UserError
from cnn_ablate.executors import EXECUTORS, Ended, Event, Executor, Job, Resources
from cnn_ablate.locks import Locks
from cnn_ablate.messages import unknown
from cnn_ablate.plan import matching
from cnn_ablate.runner.environment import environment
from cnn_ablate.runner.prepare import Prepared, RunConfig, facts_of
from cnn_ablate.runner.progress import ProgressWriter
from cnn_ablate.runner.queue import JobQueue
from cnn_ablate.runner.recipes import alike, named, recipes
from cnn_ablate.runner.signals import Interrupts
from cnn_ablate.schema import ComputeConfig, Record, Trial, TrialResult, Verdict, canonical
from cnn_ablate.settings import options_of
from cnn_ablate.stats import effects
from cnn_ablate.store import (
    LAST_TABLE,
    Results,
    Store,
    read,
    write_samples,
    write_study,
    write_table,
)

Observe = Callable[[Event], None]

# Test images that are kept with a study: 0.3 MB for grey ones, 1.2 MB in colour.
_SAMPLES = 400

# What may differ between two looks at a study that nobody has touched.
_CIRCUMSTANCES = ("compute", "environment", "command", "started", "finished")


def outstanding(survey: Prepared, *, only: str = "", fresh: bool = False) -> list[Trial]:
    """List the trials to train, longest first, so that no worker is left alone at the end.

    Args:
        survey: The study laid out, with what is done of it.
        only: Names or patterns of variants.
        fresh: List also what is done already.

    Raises:
        UserError: a pattern matches no variant.
    """
    chosen = matching(survey.plan, only)
    skipped = frozenset() if fresh else survey.done
    todo = [t for t in survey.plan.trials if t.variant in chosen and t.id not in skipped]
    return sorted(todo, key=lambda trial: -_work(survey, trial))


def run(survey: Prepared, todo: Sequence[Trial], where: RunConfig, observe: Observe) -> Results:
    """Train some trials of a study, and rebuild its tables from all that is there.

    Args:
        survey: The study laid out, with what is done of it.
        todo: The trials to train; what an earlier run left of them is used, unless they are done.
            If there are any, those that were done and are gone by now are trained as well.
        where: The places, and on what to run.
        observe: Told of everything that happens.

    Raises:
        UserError: the data is missing, there is no such device, or results cannot be written.
        KeyboardInterrupt: the user has had enough; all that is done is kept, the tables too.
    """
    check(survey, where)
    store = Store(where.results)
    terms = replace(where.terms, device=chosen_device(where))
    started = _now()
    executor = _executor(where, terms)
    planned = [trial.id for trial in survey.plan.trials]
    expected = survey.done.union(trial.id for trial in todo)
    busy = todo or survey.notes
    with Interrupts() as interrupts, store.occupied() if busy else Locks(store.root) as locks:
        if busy:
            _clear(survey, store, locks)
            survey, todo = _as_it_is(survey, store, todo)
        work = {trial.id: _work(survey, trial) for trial in todo}
        jobs = _jobs(survey, todo, recipes(survey, todo, where, terms), where)
        if todo:
            store.drop_checkpoints(t for t in survey.plan.trials if t.id in survey.done)
        turns = JobQueue(jobs, store, locks, anew=survey.done, retries=where.patience.retries)
        logbook = ProgressWriter(store, survey.study.folder, planned, work)
        try:
            for event in turns.events(executor, logbook.beat):
                if isinstance(event, Ended) and not event.kept:
                    with interrupts.writing_first():
                        store.publish(event.result or _failed(event))
                logbook.note(event)
                observe(event)
        finally:
            with interrupts.writing_first():
                logbook.close()
                results = _concluded(
                    Store(where.results),  # sees what others have published meanwhile
                    _record(survey, terms, started),
                    survey,
                    idle=not todo,
                )
    if gone := expected - set(results.trials["trial"]):
        what = f"{len(gone)} of the trials that were trained are gone: was the folder removed?"
        raise UserError(str(where.results), what, "The same command trains them again.")
    return results


def check(survey: Prepared, where: RunConfig) -> None:
    """Make sure of what a run needs: data, executor, device and recipe; raises UserError."""
    if survey.missing:
        raise survey.missing
    if where.executor not in EXECUTORS:
        raise UserError(
            f"--executor {where.executor}", *unknown("executor", where.executor, EXECUTORS)
        )
    chosen_device(where)
    named(where.way)


def _clear(survey: Prepared, store: Store, locks: Locks) -> None:
    """Move damaged trials aside, if no other run has them in hand."""
    for trial in survey.plan.trials:
        if trial.id not in survey.done and store.is_sealed(trial) and locks.take(trial.key):
            store.clear(trial)
            locks.drop(trial.key)


def _as_it_is(
    survey: Prepared, store: Store, todo: Sequence[Trial]
) -> tuple[Prepared, list[Trial]]:
    """Add to the work what was done when the study was laid out, and has been removed since."""
    gone = [t for t in survey.plan.trials if t.id in survey.done and not store.is_sealed(t)]
    done = survey.done.difference(trial.id for trial in gone)
    return replace(survey, done=done), [*{t.id: t for t in [*todo, *gone]}.values()]


def _jobs(
    survey: Prepared, todo: Sequence[Trial], chosen: Mapping[str, ComputeConfig], where: RunConfig
) -> list[Job]:
    """Give each stack, or trial alone, to one worker; longest first."""
    stacks = [
        stack
        for group in alike(todo).values()
        for stack in _batched(group, chosen[group[0].id].stack)
    ]
    stacks.sort(key=lambda stack: -sum(_work(survey, trial) for trial in stack))
    return [_job(survey, stack, chosen[stack[0].id], where) for stack in stacks]


def _job(
    survey: Prepared, trials: tuple[Trial, ...], compute: ComputeConfig, where: RunConfig
) -> Job:
    return Job(
        trials,
        compute,
        where.results,
        where.data,
        folder=Path(survey.study.source).resolve().parent,
        timeout=where.patience.trial_timeout,
        checkpoint_every=60 * where.patience.checkpoint_minutes,
    )


def _batched(trials: Sequence[Trial], size: int) -> Iterator[tuple[Trial, ...]]:
    return (tuple(trials[i : i + size]) for i in range(0, len(trials), size))


def _executor(where: RunConfig, terms: Resources) -> Executor:
    return EXECUTORS[where.executor](terms)


def _concluded(store: Store, record: Record, survey: Prepared, *, idle: bool) -> Results:
    """Write the tables of a study, unless nothing was trained and those that stand say the same."""
    if not idle:
        return _written(store, record, survey)
    with suppress(UserError):  # what is damaged is written anew
        if found := _unchanged(store, record):
            return found
    with store.occupied():
        return _written(store, record, survey)


def _unchanged(store: Store, record: Record) -> Results | None:
    """Give a study as it was written, if that is whole, of this plan and of all its trials."""
    if not (store.root / record.study.folder / LAST_TABLE).is_file():
        return None
    found = read(store.root, record.study.folder)
    circumstances = {name: getattr(record, name) for name in _CIRCUMSTANCES}
    same = found.record.model_copy(update=circumstances) == record
    return found if same and found.is_written else None


def _written(store: Store, record: Record, survey: Prepared) -> Results:
    write_samples(store, record.study.folder, _samples(survey))
    results = write_study(store, record)
    found_effects = effects(results.trials, record.plan.contrasts, read=results.predictions)
    write_table(results, "effects", found_effects)
    judged = [verdict.model_dump() for verdict in verdicts(results)]
    write_table(results, "claims", pd.DataFrame(judged, columns=list(Verdict.model_fields)))
    return results


def _samples(survey: Prepared) -> NDArray[np.uint8]:
    """Give the first images that the first variant is tested on, for the report to show."""
    section = survey.plan.variants[0].settings["data"]
    images = survey.images[canonical(section)]
    return images.test[split(images, options_of("data", section)).test[:_SAMPLES]].numpy()


def _work(survey: Prepared, trial: Trial) -> float:
    """Guess a trial's length, in multiply-adds; small batches cost their overhead too."""
    training = trial.settings["training"]
    images = facts_of(survey, trial).counts(trial.settings["data"]).train
    per_image = survey.sizes[trial.variant].macs + 5e7 / training["batch_size"]
    return float(per_image * images * training["epochs"])


def _failed(event: Ended) -> TrialResult:
    return TrialResult(
        trial=event.trial,
        status="failed",
        error=event.error,
        compute=event.compute,
        torch=torch.__version__,
        started=_now(),
    )


def chosen_device(where: RunConfig) -> str:
    """Give the device to train on: for `auto` the fastest here, or a GPU elsewhere if asked for.

    Raises:
        UserError: this machine has no such device.
    """
    asked = where.device
    far = EXECUTORS[where.executor].elsewhere and bool(where.terms.gpus_per_trial)
    here = {"cuda": far or torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if asked == "auto":
        return next((name for name, is_here in here.items() if is_here), "cpu")
    if not here.get(asked, asked == "cpu"):
        raise UserError(f"--device {asked}", "this machine has no such device.", "Try auto or cpu.")
    return asked


def _command() -> str:
    """Give the command line that runs this; nothing where a program of the user's does."""
    is_ours = Path(sys.argv[0]).stem in {"cnn-ablate", "__main__"}
    return shlex.join(["cnn-ablate", *sys.argv[1:]]) if is_ours else ""


def _record(survey: Prepared, terms: Resources, started: str) -> Record:
    return Record(
        study=survey.study,
        plan=survey.plan,
        sizes=dict(survey.sizes),
        data=survey.data,
        compute=ComputeConfig(
            device=terms.device
        ),  # until the store has counted those of the trials
        environment=environment(terms.device),
        findings=survey.findings or (),
        audited=survey.findings is not None,
        command=_command(),
        started=started,
        finished=_now(),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
