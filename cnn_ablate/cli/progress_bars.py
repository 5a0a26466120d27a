"""Show the progress of a run: bars on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Timer

import typer
from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as ProgressBars

from cnn_ablate.analysis import Analysis
from cnn_ablate.cli.run_end import RunEnd
from cnn_ablate.cli.wrapped_sentences import line_width, print_sentence
from cnn_ablate.executors import Ended, Event, Progress, Waiting
from cnn_ablate.runner.jobs import Round
from cnn_ablate.runner.plan_rows import data_remarks
from cnn_ablate.runner.prepare import Prepared
from cnn_ablate.runner.workload import Workload
from cnn_ablate.schema import Finding, count_findings, without_hash
from cnn_ablate.text import about, capital, count, count_range, some

_SECONDS_BETWEEN_LINES = 20.0
_SLOW = 5.0  # seconds after which a preparation has a line where there are no bars


class ProgressDisplay:
    """The progress of a run: one bar for all trials, and one per trial that is being trained."""

    def __init__(self, console: Console, bars: ProgressBars) -> None:
        self.console = console
        self.bars = bars
        self.tasks: dict[str, TaskID] = {}
        self.workload = Workload()
        self.last_line = time.monotonic()

    def print_line(self, text: str) -> None:
        """Print a line above the bars."""
        print_sentence(self.console, text)

    def on_decoding(self, done: int, total: int) -> None:
        """Show the progress of decoding a data set."""
        if "decoding" not in self.tasks:
            self.print_line(f"Decoding {total:,} images; this is done once.")
        self._update_bar("decoding", "decoding images", done / total, f"{done:,} of {total:,}")
        if done >= total:
            self._remove_bar("decoding")

    @contextmanager
    def preparing(self, what: str) -> Iterator[None]:
        """Show what is being prepared in this context: a moving bar, or a line if it is slow."""
        line = Timer(_SLOW, self.print_line, [f"{what} ..."])
        line.daemon = True
        if not self.console.is_terminal:
            line.start()
        bar = self.bars.add_task(what, total=None, note="")
        try:
            yield
        finally:
            line.cancel()
            self.bars.remove_task(bar)

    def on_plan(self, prepared: Prepared, todo: int) -> None:
        """Print what a study has, and how much of it is done."""
        plan, name, done = prepared.plan, prepared.study.name, len(prepared.done)
        seeds = count_range(plan.seed_counts.values(), "seed")
        planned = (
            f"{count(len(plan.variants), 'variant')}, {seeds}, {count(len(plan.trials), 'trial')}"
        )
        most = "at most " if prepared.study.looks and todo else ""
        verb = "is" if done == 1 else "are"
        self.print_line(f"{name}: {planned}; {done:,} {verb} done, {most}{todo:,} to train.")
        for remark in data_remarks(prepared):
            self.print_line(remark)

    def on_findings(self, findings: Sequence[Finding]) -> None:
        """Print the errors of the audit, and the number of its other findings."""
        for finding in findings:
            if finding.severity == "error":
                self.print_line(f"Audit: {finding.kind} at {finding.where}: {finding.message}")
        if others := [finding for finding in findings if finding.severity != "error"]:
            self.print_line(f"Audit: {count_findings(others)}; the report lists them.")

    def on_watch(self, url: str) -> None:
        """Print where the report is shown."""
        self.print_line(f"Watch: {url} shows the report while trials end.")

    def on_round(self, round_: Round) -> None:
        """Print the state of a study with looks and any notes, and count the trials to train."""
        trials = len(round_.trials)
        if round_.look:
            further = f"; {count(trials, 'trial')} to train" if trials else ""
            self.print_line(f"{capital(round_.look)}{further}.")
        for note in round_.notes:
            self.print_line(note)
        self.workload.add(round_.work)
        if self.workload.work:
            self._update_total()

    def on_event(self, event: Event) -> None:
        """Show the progress or the end of a trial, or which other runs this one waits for."""
        self.workload.update(event)
        if isinstance(event, Ended):
            self._on_ended(event)
        elif isinstance(event, Waiting):
            self.print_line(describe_wait(event))
        else:
            self._on_progress(event)
        self._update_total()

    def on_end(self, analysis: Analysis, end: RunEnd) -> None:
        """Print the ablation table, what the checks found, and where the results are."""
        from cnn_ablate.report.ablation_formats import plain_text
        from cnn_ablate.report.ablation_table import ablation_table
        from cnn_ablate.report.report_data import ReportData

        table = ablation_table(ReportData.of(analysis))
        console = Console(highlight=False)
        typer.echo(f"\n{plain_text(table, width=line_width(console))}")
        for finding in analysis.findings:
            # Those about one variant are below its row.
            if finding.severity != "note":
                check = f"Check: {finding.severity}, {finding.kind}: {finding.message}"
                print_sentence(console, check)
        for line in end.tracked:
            typer.echo(f"Tracked: {line}")
        typer.echo(f"Results: {end.results}")
        typer.echo(f"Report:  {end.report}{' (up to date)' if end.was_up_to_date else ''}")

    def _on_progress(self, event: Progress) -> None:
        speed = f", {event.images_per_second:,.0f} images/s" if event.images_per_second else ""
        note = f"epoch {event.epoch:.1f} of {event.epochs}{speed}"
        name = without_hash(event.trial)
        self._update_bar(event.trial, name, event.epoch / event.epochs, note)
        since_last_line = time.monotonic() - self.last_line
        if not self.console.is_terminal and since_last_line > _SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            self.print_line(f"  {name}: {note}; trials: {self.workload.summary}")

    def _on_ended(self, event: Ended) -> None:
        self._remove_bar(event.trial.id)
        self.last_line = time.monotonic()
        expected = len(self.workload.work)
        left = self.workload.seconds_left
        remaining = f"; {about(left)} left" if left and not self.console.is_terminal else ""
        self.print_line(f"[{self.workload.ended}/{expected}] {describe_end(event)}{remaining}")

    def _update_total(self) -> None:
        self._update_bar("all", "all trials", self.workload.share, self.workload.summary)

    def _update_bar(self, key: str, name: str, share: float, note: str) -> None:
        if key not in self.tasks:
            self.tasks[key] = self.bars.add_task(name, total=1.0, note=note)
        self.bars.update(self.tasks[key], completed=share, note=note)

    def _remove_bar(self, key: str) -> None:
        if key in self.tasks:
            self.bars.remove_task(self.tasks.pop(key))


def describe_end(event: Ended) -> str:
    """Return how a trial has ended: `baseline, seed 0: 87.20 % on the test images, 3.2 s`."""
    name = f"{event.trial.variant}, seed {event.trial.seed}"
    result = event.result
    if result is None:
        return f"{name}: failed. {event.error.splitlines()[0] if event.error else ''}"
    metrics = result.metrics
    if metrics and metrics.test_accuracy is None and result.status == "done":
        own = (f"{key} {value:.4g}" for key, value in (metrics.model_extra or {}).items())
        return f"{name}: {some(own)}, {metrics.seconds:.1f} s"
    if metrics is None or metrics.test_accuracy is None:
        return f"{name}: {result.status}. {result.error}"
    return f"{name}: {metrics.test_accuracy:.2%} on the test images, {metrics.seconds:.1f} s"


def describe_wait(event: Waiting) -> str:
    """Return for which other processes a run waits, and since when they hold what it needs."""
    holders = f": {some(map(str, event.holders))}" if event.holders else ""
    if not event.trials:
        return f"Waiting for a process that cleans up the results folder{holders}."
    trials = count(event.trials, "trial")
    return f"Waiting for {trials} that another run is training{holders}."


@contextmanager
def progress_display() -> Iterator[ProgressDisplay]:
    """Show progress on standard error while in this context."""
    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with ProgressBars(*columns, console=console, disable=not console.is_terminal) as bars:
        yield ProgressDisplay(console, bars)
