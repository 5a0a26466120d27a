"""The command `run`: from a study file to tables and a report, with progress all the way."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import Thread

import typer

from cnn_ablate.cli.exit_codes import SOME_FAILED
from cnn_ablate.cli.progress_bars import Display, display
from cnn_ablate.executors import Ended, Event
from cnn_ablate.runner.findings import with_findings
from cnn_ablate.runner.prepare import Prepared, RunConfig, survey
from cnn_ablate.runner.run import check, outstanding, run
from cnn_ablate.schema import Finding
from cnn_ablate.stats import count, count_range
from cnn_ablate.store import Results
from cnn_ablate.study import Changes, read
from cnn_ablate.study_paths import study_path
from cnn_ablate.tracking import tracking

# Where trackers write.
TRACKED = Path("tracking")


@dataclass(frozen=True)
class Choice:
    """What of a study is to be done, how it is looked at before, and who gets a copy."""

    only: str = ""
    fresh: bool = False
    audit: bool = True
    track: tuple[str, ...] = ()
    pictures: bool = True


def run_study(word: str, changes: Changes, where: RunConfig, reports: Path, choice: Choice) -> None:
    """Run a study and say where its report is; exit with 2 if some trials failed."""
    study = read(study_path(word), changes)
    failed: set[str] = set()
    with display() as screen, tracking(choice.track, TRACKED, study.folder, screen.say) as track:

        def observe(event: Event) -> None:
            screen.observe(event)
            if not isinstance(event, Ended):
                return
            if event.result and not event.kept:
                track(event.result)
            if not event.result or event.result.status != "done":
                failed.add(event.trial.id)

        laid_out = survey(study, where, screen.decoding)
        check(laid_out, where)
        todo = outstanding(laid_out, only=choice.only, fresh=choice.fresh)
        _announce(screen, laid_out, len(todo))
        laid_out = with_findings(laid_out, where, anew=choice.audit)
        _warn(screen, laid_out.findings or ())
        if todo:
            # To import what draws takes a second or two; meanwhile the trials train.
            Thread(target=import_module, args=("cnn_ablate.report",)).start()
        results = run(laid_out, todo, where, observe)
        record = where.results / study.folder / "study.json"
        page = _reported(results, record, reports, pictures=choice.pictures)
    typer.echo(f"Results: {where.results / study.folder}")
    typer.echo(f"Report:  {page}")
    if failures := list(_failures(results, failed)):
        typer.echo("\n".join(failures), err=True)
        raise typer.Exit(SOME_FAILED)


def _warn(screen: Display, findings: Sequence[Finding]) -> None:
    """Say what the audit found: errors in words, the rest in numbers."""
    for finding in findings:
        if finding.severity == "error":
            screen.say(f"Audit: {finding.kind} at {finding.where}: {finding.message}")
    if others := [finding for finding in findings if finding.severity != "error"]:
        screen.say(f"Audit: {count(len(others), 'remark')}; the report has them all.")


def _reported(results: Results, record: Path, reports: Path, *, pictures: bool) -> Path:
    """Write the report, unless it is of these results: it then has the time of their record.

    One without pictures is always written, and never taken for the whole.
    """
    from cnn_ablate.report import write as write_report

    page = reports / results.record.study.folder / "report.html"
    written = record.stat().st_mtime_ns
    if pictures and page.is_file() and page.stat().st_mtime_ns == written:
        return page
    write_report(results, reports, pictures=pictures)
    if pictures:
        os.utime(page, ns=(written, written))
    return page


def _announce(screen: Display, survey: Prepared, todo: int) -> None:
    for note in survey.notes:
        screen.say(note)
    plan = survey.plan
    seeds = count_range(plan.seed_counts.values(), "seed")
    planned = f"{count(len(plan.variants), 'variant')}, {seeds}, {count(len(plan.trials), 'trial')}"
    screen.say(f"{survey.study.name}: {planned}; {len(survey.done):,} are done, {todo:,} to train.")
    screen.expect(todo)


def _failures(results: Results, failed: set[str]) -> Iterator[str]:
    """Say how many trials failed for good, and how many failed that have an earlier result."""
    lost = set(results.trials["trial"][results.trials["status"] != "done"])
    if lost:
        yield f"{len(lost)} of {len(results.trials)} trials failed; the report names them."
    if again := failed - lost:
        yield f"{count(len(again), 'trial')} failed when trained again; the old results are kept."
