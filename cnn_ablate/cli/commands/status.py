"""The command `status`: the progress of a study, and what its file says by now."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from cnn_ablate.cli.changed_inputs import changed_code, changed_data_sets, changed_inputs
from cnn_ablate.cli.damaged_tables import print_damaged_tables
from cnn_ablate.cli.edited_study_file import Edits, find_edits
from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.json_values import StudyStatus
from cnn_ablate.cli.wrapped_sentences import print_sentence
from cnn_ablate.errors import UserError
from cnn_ablate.find_study import study_file, study_folder
from cnn_ablate.schema import Record, RunProgress, without_hash
from cnn_ablate.store import Store, read_findings, read_progress, read_record
from cnn_ablate.text import about, capital, duration, listed

# Seconds without an update after which a run was probably killed, or its machine sleeps.
_SILENT = 120.0


def print_status(word: str, profile: str, results: Path, *, as_json: bool) -> None:
    """Print the progress of a study.

    Raises:
        UserError: The study was never run.
    """
    folder, store = study_folder(word, profile), Store(results)
    status = _status(folder, store, find_edits(word, results / folder), study_file(word))
    print_damaged_tables(results / folder)
    if as_json:
        print_json(status)
        return
    console = Console(highlight=False)
    for line in _lines(status):
        print_sentence(console, line)


def _status(study: str, store: Store, edits: Edits | None, file: Path | None) -> StudyStatus:
    progress, path = read_progress(store, study), store.root / study / "study.json"
    record = read_record(store.root, study) if path.is_file() else None
    if progress is None and record is None:
        what = "this study was not run, or its first trial has not started yet."
        raise UserError(str(path.parent), what, "Start it with `cnn-ablate run`.")
    planned = _planned(record, progress, edits)
    live = progress is not None and not progress.over and _silence(progress) < _SILENT
    # Trials that are trained again keep their old results until they end.
    waiting = set(progress.waiting) if progress and live else set()
    ended = [trial for trial in planned if trial not in waiting]
    done, failed, damaged = _outcomes(store, ended)
    under_way = progress.under_way if progress and live else {}
    to_come = len(planned) - done - len(failed) - len(damaged) - len(under_way.keys() & planned)
    source = file or Path(record.study.source if record else "")
    return StudyStatus(
        study=study,
        trials=len(planned),
        done=done,
        failed=failed,
        damaged=damaged,
        under_way=under_way,
        waiting=len(waiting.intersection(planned) - under_way.keys()),
        to_come=to_come,
        state=_state(progress, live=live, is_whole=not to_come),
        seconds_left=_seconds_left(progress) if progress and live else None,
        look=progress.look if progress else "",
        findings=read_findings(store, study),
        edits=edits.trained if edits else [],
        as_in_file=edits.shown if edits else [],
        changed=_changed(record, source, store.root, edits),
        changed_data=changed_data_sets(record, source) if record and not live else [],
    )


def _changed(record: Record | None, source: Path, results: Path, edits: Edits | None) -> str:
    """Return which input files or code have changed; code is among the edits if there are any."""
    if record is None or record.study.trainer:
        return changed_inputs(record, source, results) if record else ""
    return "" if edits and edits.trained else changed_code(record, source)


def _planned(
    record: Record | None, progress: RunProgress | None, edits: Edits | None
) -> tuple[str, ...]:
    """Return the ids of the trials of a study; with looks, of those that it has needed so far."""
    if edits and edits.trained:
        return edits.trials
    if progress and (record is None or not progress.over or record.study.looks):
        return progress.trials
    # Counts trials that other studies or machines have trained since then.
    return tuple(trial.id for trial in record.plan.trials) if record else ()


def _outcomes(store: Store, trials: Sequence[str]) -> tuple[int, dict[str, str], dict[str, str]]:
    """Return how many trials are done, the first line of each failure, and of each damage."""
    done, failed, damaged = 0, {}, {}
    for trial in trials:
        try:
            folder = store.open(trial)
        except UserError as error:
            damaged[trial] = str(error)
            continue
        if folder and folder.result.status == "done":
            done += 1
        elif folder:
            failed[trial] = (folder.result.error or folder.result.status).splitlines()[0]
    return done, failed, damaged


def _state(progress: RunProgress | None, *, live: bool, is_whole: bool) -> str:
    if progress is None or (progress.over and not progress.waiting):
        # A run with --only leaves others out.
        return f"Nothing is running{'' if is_whole else '; `cnn-ablate run` trains the rest'}."
    if progress.over:
        return "The last run was interrupted; the same command resumes it."
    by = f"process {progress.process} on {progress.machine}"
    updated = f"last update {duration(_silence(progress))} ago"
    if live:
        return f"Running for {duration(_age(progress.started))}: {by}, {updated}."
    return f"Probably killed: {by}, {updated}; the same command resumes it."


def _silence(progress: RunProgress) -> float:
    return _age(progress.updated)


def _age(moment: str) -> float:
    return max((datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds(), 0.0)


def _seconds_left(progress: RunProgress) -> float | None:
    spent = _age(progress.started) - _silence(progress)
    return spent * (1 - progress.share) / progress.share if progress.share else None


def _lines(status: StudyStatus) -> Iterator[str]:
    counts = {
        "done": status.done,
        "failed": len(status.failed),
        "damaged": len(status.damaged),
        "running": len(status.under_way),
        "waiting": status.waiting,
        "not trained": status.to_come - status.waiting,
    }
    shown = ", ".join(f"{number:,} {word}" for word, number in counts.items() if number)
    yield f"{status.study}: {status.trials:,} trials: {shown}."
    yield status.state
    if status.look:
        yield f"{capital(status.look)}."
    if status.as_in_file:
        shown = capital(listed(status.as_in_file))
        yield f"{shown} as in the file now: `report` and `export` need no further run for that."
    if status.edits:
        yield f"Edited since the last run: {listed(status.edits)}."
    if status.changed:
        yield f"{status.changed} since the last run: a run trains its trials again."
    if status.changed_data:
        yield (
            f"Files of {listed(status.changed_data)} have changed since they were decoded: a run "
            "decodes them again, and trains anew if pictures differ."
        )
    for trial, state in status.under_way.items():
        speed = f", {state.images_per_second:,.0f} images/s" if state.images_per_second else ""
        yield f"  {without_hash(trial)}: epoch {state.epoch:.1f} of {state.epochs}{speed}"
    for trial, error in status.failed.items():
        yield f"  {without_hash(trial)}: failed. {error}"
    yield from (f"  {what}" for what in status.damaged.values())
    if status.seconds_left is not None:
        yield f"{capital(about(status.seconds_left))} left."
    is_behind = status.edits or status.changed or status.changed_data
    check = "Check of the last run" if is_behind else "Check"
    for finding in status.findings:
        yield f"{check}: {finding['severity']}, {finding['kind']}: {finding['message']}"
