"""The command `run`: train a study, show the progress, and write its tables and report."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import Thread

import typer

from cnn_ablate.analysis import Analysis
from cnn_ablate.cli.exit_codes import SOME_FAILED
from cnn_ablate.cli.progress_bars import ProgressDisplay, progress_display
from cnn_ablate.errors import UserError
from cnn_ablate.executors import Ended, Event
from cnn_ablate.find_study import refuse_other_file, study_path
from cnn_ablate.runner.config import RunConfig
from cnn_ablate.runner.findings import with_findings
from cnn_ablate.runner.jobs import outstanding
from cnn_ablate.runner.prepare import Prepared, prepare
from cnn_ablate.runner.run import run
from cnn_ablate.schema import Finding, Study
from cnn_ablate.store import Results, Store, read_record
from cnn_ablate.study import Changes, read_study
from cnn_ablate.text import count, count_range
from cnn_ablate.tracking import Trackers

# The folder that trackers write to.
TRACKING_FOLDER = Path("tracking")


@dataclass(frozen=True)
class RunOptions:
    """Which trials to train, whether to audit first, and which trackers to log to."""

    only: str = ""
    fresh: bool = False
    audit: bool = True
    track: tuple[str, ...] = ()
    pictures: bool = True


def run_study(
    word: str, changes: Changes, config: RunConfig, reports: Path, options: RunOptions
) -> None:
    """Run a study and print the paths of its results; exit with 2 if some trials failed."""
    path = study_path(word)
    study = read_study(path, changes)
    _refuse_other_file(path, study, config.results)
    failed: set[str] = set()
    with progress_display() as display:
        trackers = Trackers(options.track, TRACKING_FOLDER, study.folder, display.print_line)

        def observe(event: Event) -> None:
            display.on_event(event)
            if not isinstance(event, Ended):
                return
            if event.result and not event.kept:
                trackers.add(event.result)
            if not event.result or event.result.status != "done":
                failed.add(event.trial.id)

        prepared = prepare(study, config, display.on_decoding)
        trials = outstanding(prepared, only=options.only, fresh=options.fresh)
        _print_plan(display, prepared, len(trials))
        done = prepared.done - {trial.id for trial in trials}
        trackers.copy(Store(config.results), (t for t in prepared.plan.trials if t.id in done))
        prepared = with_findings(prepared, config, run_audit=options.audit)
        _print_findings(display, prepared.findings or ())
        if trials:
            # Importing matplotlib takes a second or two: do it while the trials train.
            Thread(target=import_module, args=("cnn_ablate.report",)).start()
        analysis = run(prepared, trials, config, observe, display.on_round)
        record = config.results / study.folder / "study.json"
        page, is_new = _write_report(analysis, record, reports, pictures=options.pictures)
        _print_checks(display, analysis.findings)
    for line in trackers.summary():
        typer.echo(f"Tracked: {line}")
    typer.echo(f"Results: {config.results / study.folder}")
    typer.echo(f"Report:  {page}{'' if is_new else ' (up to date)'}")
    if failures := list(_failures(analysis.results, failed)):
        typer.echo("\n".join(failures), err=True)
        raise typer.Exit(SOME_FAILED)


def _print_findings(display: ProgressDisplay, findings: Sequence[Finding]) -> None:
    """Print the errors of the audit, and the number of its other findings."""
    for finding in findings:
        if finding.severity == "error":
            display.print_line(f"Audit: {finding.kind} at {finding.where}: {finding.message}")
    if others := [finding for finding in findings if finding.severity != "error"]:
        display.print_line(f"Audit: {count(len(others), 'remark')}; the report lists them.")


def _print_checks(display: ProgressDisplay, findings: Sequence[Finding]) -> None:
    """Print what the checks found in the results, the gravest first."""
    for finding in findings:
        display.print_line(f"Check: {finding.severity}, {finding.kind}: {finding.message}")


def _refuse_other_file(path: Path, study: Study, results: Path) -> None:
    """Refuse to go on with the results of another file; raises UserError."""
    try:
        source = read_record(results, study.folder).study.source
    except UserError:  # nothing was run, or the record is damaged
        return
    refuse_other_file(path, source, results / study.folder)


def _write_report(
    analysis: Analysis, record: Path, reports: Path, *, pictures: bool
) -> tuple[Path, bool]:
    """Write the report unless it is up to date, which its modification time tells.

    Returns its page, and whether it was written.

    A report without sample images is always written, and never counts as up to date.
    """
    from cnn_ablate.report import write as write_report

    page = reports / analysis.results.record.study.folder / "report.html"
    recorded = record.stat().st_mtime_ns
    if pictures and page.is_file() and page.stat().st_mtime_ns == recorded:
        return page, False
    write_report(analysis, reports, pictures=pictures)
    if pictures:
        os.utime(page, ns=(recorded, recorded))
    return page, True


def _print_plan(display: ProgressDisplay, prepared: Prepared, todo: int) -> None:
    for note in prepared.notes:
        display.print_line(note)
    plan = prepared.plan
    seeds = count_range(plan.seed_counts.values(), "seed")
    planned = f"{count(len(plan.variants), 'variant')}, {seeds}, {count(len(plan.trials), 'trial')}"
    name, done = prepared.study.name, len(prepared.done)
    most = "at most " if prepared.study.looks and todo else ""
    display.print_line(f"{name}: {planned}; {done:,} are done, {most}{todo:,} to train.")


def _failures(results: Results, failed: set[str]) -> Iterator[str]:
    """Yield how many trials have no result, and how many failed but keep an earlier result."""
    lost = set(results.trials["trial"][results.trials["status"] != "done"])
    if lost:
        yield f"{len(lost)} of {len(results.trials)} trials failed; the report names them."
    if again := failed - lost:
        yield f"{count(len(again), 'trial')} failed when trained again; the old results are kept."
