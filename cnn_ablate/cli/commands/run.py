"""The command `run`: train a study, show the progress, and write its tables and report."""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import Thread

import typer

from cnn_ablate.analysis import Analysis
from cnn_ablate.cli.changed_inputs import changes_in
from cnn_ablate.cli.event_lines import EventLines
from cnn_ablate.cli.exit_codes import SOME_FAILED
from cnn_ablate.cli.live_report import LiveReport
from cnn_ablate.cli.progress_bars import ProgressDisplay, progress_display
from cnn_ablate.cli.run_end import RunEnd
from cnn_ablate.errors import UserError
from cnn_ablate.executors import Ended, Event
from cnn_ablate.find_study import refuse_other_file, study_path
from cnn_ablate.runner.config import RunConfig
from cnn_ablate.runner.findings import with_findings
from cnn_ablate.runner.jobs import Round, outstanding
from cnn_ablate.runner.prepare import Prepared, prepare
from cnn_ablate.runner.preregistration_log import with_history
from cnn_ablate.runner.run import run
from cnn_ablate.runner.run_record import study_record
from cnn_ablate.schema import Record, Study, Trial, timestamp
from cnn_ablate.store import Results, Store, read_record
from cnn_ablate.study import Changes, read_study
from cnn_ablate.study.edited_since_run import shown_edits, trained_edits
from cnn_ablate.text import count, listed
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
    watch: bool = False
    as_json: bool = False


# Shows a run: as bars and sentences, or as events for programs.
Display = ProgressDisplay | EventLines


def run_study(
    word: str, changes: Changes, config: RunConfig, reports: Path, options: RunOptions
) -> None:
    """Run a study, and print its table and where its results are.

    Exits with 2 if some trials failed.
    """
    path = study_path(word)
    study = read_study(path, changes)
    earlier = _earlier_record(path, study, config.results)
    shown: AbstractContextManager[Display]
    shown = nullcontext(EventLines()) if options.as_json else progress_display()
    with shown as display, ExitStack() as held:
        run_ = _Run(study, config, options, display, earlier)
        analysis = run_.train(reports, held)
        record = config.results / study.folder / "study.json"
        page, is_new = _write_report(analysis, record, reports, pictures=options.pictures)
    tracked = tuple(run_.trackers.summary())
    display.on_end(analysis, RunEnd(record.parent, page, not is_new, tracked))
    if failures := list(_failures(analysis.results, run_.failed)):
        typer.echo("\n".join(failures), err=True)
        raise typer.Exit(SOME_FAILED)


class _Run:
    """A run with its display and its trackers, and the ids of the trials that failed in it."""

    def __init__(
        self,
        study: Study,
        config: RunConfig,
        options: RunOptions,
        display: Display,
        earlier: Record | None,
    ) -> None:
        self.study, self.config, self.options, self.display = study, config, options, display
        self.earlier = earlier
        self.trackers = Trackers(options.track, TRACKING_FOLDER, study.folder, display.print_line)
        self.failed: set[str] = set()
        self.live: LiveReport | None = None
        self.preparing = ExitStack()

    def train(self, reports: Path, held: ExitStack) -> Analysis:
        """Train what is missing, and return the analysis of all results.

        A report that is watched meanwhile is served until `held` ends.
        """
        prepared = prepare(self.study, self.config, self.display.on_decoding)
        trials = outstanding(prepared, only=self.options.only, fresh=self.options.fresh)
        store = Store(self.config.results)
        for note in (*prepared.notes, *_edits(self.earlier, prepared, trials, store)):
            self.display.print_line(note)
        self.display.on_plan(prepared, len(trials))
        done = prepared.done - {trial.id for trial in trials}
        self.trackers.copy(store, (t for t in prepared.plan.trials if t.id in done))
        audit = self.display.preparing(f"Auditing {count(len(prepared.plan.variants), 'variant')}")
        prepared = with_findings(prepared, self.config, run_audit=self.options.audit, during=audit)
        self.display.on_findings(prepared.findings or ())
        if trials:
            # Importing matplotlib takes a second or two: do it while the trials train.
            Thread(target=import_module, args=("cnn_ablate.report",)).start()
            # Compute settings are timed, and programs compiled, before the first round begins.
            held.enter_context(self.preparing)
            preparing = self.display.preparing(f"Preparing {count(len(trials), 'trial')}")
            self.preparing.enter_context(preparing)
        if trials and self.options.watch:
            self.live = held.enter_context(self._live_report(prepared, len(trials), reports))
            self.display.on_watch(self.live.url)
        analysis = run(prepared, trials, self.config, self._observe, self._begin_round)
        if self.live:
            self.live.stop_renewing()
        return analysis

    def _live_report(self, prepared: Prepared, todo: int, reports: Path) -> LiveReport:
        record = study_record(prepared, self.config.device, timestamp())
        return LiveReport(
            with_history(record, Store(self.config.results)),
            self.config.results,
            reports,
            pictures=self.options.pictures,
            text=f"Waiting for the first of {count(todo, 'trial')} to end.",
            warn=self.display.print_line,
        )

    def _begin_round(self, round_: Round) -> None:
        self.preparing.close()
        self.display.on_round(round_)

    def _observe(self, event: Event) -> None:
        self.display.on_event(event)
        if not isinstance(event, Ended):
            return
        if event.result and not event.kept:
            self.trackers.add(event.result)
        if not event.result or event.result.status != "done":
            self.failed.add(event.trial.id)
        if self.live:
            self.live.renew(f"Trials that have ended: {self.display.workload.summary}.")


def _earlier_record(path: Path, study: Study, results: Path) -> Record | None:
    """Return the record of the last run; None if there is none, or it is damaged.

    Raises:
        UserError: it is of another file.
    """
    try:
        record = read_record(results, study.folder)
    except UserError:
        return None
    refuse_other_file(path, record.study.source, results / study.folder)
    return record


def _edits(
    earlier: Record | None, prepared: Prepared, todo: Sequence[Trial], store: Store
) -> Iterator[str]:
    """Yield what differs from the last run, and how many of its trials are not needed now."""
    if earlier is None:
        return
    old, new = earlier.study, prepared.study
    is_edited = earlier.file != prepared.file
    if is_edited and (edits := [*shown_edits(old, new), *trained_edits(old, new)]):
        yield f"Edited since the last run: {listed(edits)}."
    changes = changes_in(earlier, prepared)
    needed = {trial.key for trial in prepared.plan.trials}
    unused = {
        (trial.variant, trial.seed)
        for trial in earlier.plan.trials
        if trial.key not in needed and store.is_marked_done(trial)
    }
    if changes:
        again = len(unused & {(trial.variant, trial.seed) for trial in todo})
        follows = f"; {count(again, 'trial')} to train again" if again else ""
        yield f"Changed since the last run: {listed(changes)}{follows}."
    if unused and (is_edited or changes):
        yield f"Not needed any more, but kept: {count(len(unused), 'trial')} of the last run."


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


def _failures(results: Results, failed: set[str]) -> Iterator[str]:
    """Yield how many trials have no result, and how many failed but keep an earlier result."""
    lost = set(results.trials["trial"][results.trials["status"] != "done"])
    if lost:
        yield f"{len(lost)} of {len(results.trials)} trials failed; the report names them."
    if again := failed - lost:
        yield f"{count(len(again), 'trial')} failed when trained again; the old results are kept."
