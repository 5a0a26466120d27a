"""The log of a study: what it stated, and which of its trials existed then."""

from collections.abc import Sequence

from cnn_ablate.errors import UserError
from cnn_ablate.runner.prepare import Prepared
from cnn_ablate.schema import (
    LogEntry,
    Look,
    Record,
    Study,
    Trial,
    data_set_name,
    state,
    timestamp,
)
from cnn_ablate.store import Store, read_record, write_record
from cnn_ablate.study.edited_since_run import trained_edits


def with_history(record: Record, store: Store, looks: Sequence[Look] = ()) -> Record:
    """Return a record with the log and the looks of the last one, and with new looks.

    Only looks at more seeds than before count: others show nothing that was not seen. Looks at
    other trials, as of an earlier design, do not: none of their results is tested now.
    """
    last = _last_record(store, record.study)
    taken = _looks(last, record.study)
    if last and _ids(last).isdisjoint(_ids(record)):
        taken = ()
    for look in looks:
        if not taken or look.seeds > taken[-1].seeds:
            taken = (*taken, look)
    return record.model_copy(update={"log": last.log if last else (), "looks": taken})


def log_preregistration(prepared: Prepared, record: Record, store: Store) -> None:
    """Add what a study states to the log in its study.json, unless its last entry says the same.

    It is written before trials are trained, so that it is there whatever becomes of the run.
    """
    last = _last_record(store, prepared.study)
    log = last.log if last else ()
    preregistered = state(prepared.study)
    if log and log[-1].preregistration == preregistered:
        return
    earlier = _on_same_data(prepared, last)
    trials = {trial.id: trial for trial in (*prepared.plan.trials, *earlier)}
    ended = [t for t in trials.values() if (store.folder(t) / "trial.json").is_file()]
    # What was seen stays seen, also if a run that trained nothing lies between.
    seen = log[-1].variants if log and earlier else ()
    entry = LogEntry(
        **preregistered.model_dump(),
        time=timestamp(),
        trials=len(ended),
        variants=tuple(dict.fromkeys((*seen, *(trial.variant for trial in ended)))),
        edits=tuple(trained_edits(last.study, prepared.study)) if last else (),
    )
    history = {"log": (*log, entry), "looks": _looks(last, prepared.study)}
    # The tables are still those of the last record.
    write_record(store, (last or record).model_copy(update=history))


def _on_same_data(prepared: Prepared, last: Record | None) -> list[Trial]:
    """Return the trials of the last plan on data sets of this one, in whatever form."""
    data = {key for trial in prepared.plan.trials for key in _data(trial)}
    return [trial for trial in last.plan.trials if data & _data(trial)] if last else []


def _data(trial: Trial) -> set[str]:
    """Return what tells a data set: its name, and the fingerprint, which a renamed folder keeps.

    The fingerprint alone changes with the size in which images are read.
    """
    return {data_set_name(trial.settings.get("data", {})), trial.fingerprint}


def _ids(record: Record) -> set[str]:
    return {trial.id for trial in record.plan.trials}


def _last_record(store: Store, study: Study) -> Record | None:
    try:
        return read_record(store.root, study.folder)
    except UserError:
        return None


def _looks(last: Record | None, study: Study) -> tuple[Look, ...]:
    """Return the looks so far; if an earlier version recorded none, its last one, if of fewer."""
    if last is None or last.log or last.looks or len(last.study.seeds) >= len(study.seeds):
        return last.looks if last else ()
    seeds, trials = len(last.study.seeds), len(last.plan.trials)
    return (Look(time=last.finished, seeds=seeds, trials=trials),)
