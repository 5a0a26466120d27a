"""`run --json`: each event of a run as one line of JSON on standard output, for programs."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import typer

from cnn_ablate.analysis import Analysis
from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.run_end import RunEnd
from cnn_ablate.cli.run_events import (
    EffectEvent,
    EndEvent,
    FindingEvent,
    LookEvent,
    PlanEvent,
    ProgressEvent,
    TrialEvent,
    VerdictEvent,
    WaitingEvent,
    WatchEvent,
)
from cnn_ablate.executors import Ended, Event, Progress, Waiting
from cnn_ablate.runner.jobs import Round
from cnn_ablate.runner.prepare import Prepared
from cnn_ablate.runner.workload import Workload
from cnn_ablate.schema import Finding

_SECONDS_BETWEEN_LINES = 5.0


class EventLines:
    """Prints the events of a run; sentences go to standard error."""

    def __init__(self) -> None:
        self.workload = Workload()
        self.last_progress = 0.0

    def print_line(self, text: str) -> None:
        """Print a sentence on standard error."""
        typer.echo(text, err=True)

    def on_decoding(self, done: int, total: int) -> None:
        """Do nothing: it is no event of a study."""

    def preparing(self, what: str) -> AbstractContextManager[None]:
        """Show nothing: a preparation is no event of a study."""
        del what
        return nullcontext()

    def on_plan(self, prepared: Prepared, todo: int) -> None:
        """Print what a study has."""
        plan = prepared.plan
        print_json(
            PlanEvent(
                study=prepared.study.name,
                variants=len(plan.variants),
                trials=len(plan.trials),
                done=len(prepared.done),
                to_train=todo,
            ),
            lines=True,
        )

    def on_findings(self, findings: Sequence[Finding]) -> None:
        """Print what the audit has found."""
        for finding in findings:
            print_json(FindingEvent(found="before training", finding=finding), lines=True)

    def on_watch(self, url: str) -> None:
        """Print where the report is shown."""
        print_json(WatchEvent(url=url), lines=True)

    def on_round(self, round_: Round) -> None:
        """Print the state of a study with looks."""
        self.workload.add(round_.work)
        if round_.look:
            print_json(LookEvent(state=round_.look, to_train=len(round_.trials)), lines=True)

    def on_event(self, event: Event) -> None:
        """Print the progress or the end of a trial, or which other runs this one waits for."""
        self.workload.update(event)
        if isinstance(event, Ended):
            self._on_ended(event)
        elif isinstance(event, Waiting):
            print_json(WaitingEvent(trials=event.trials, holders=event.holders), lines=True)
        elif time.monotonic() - self.last_progress > _SECONDS_BETWEEN_LINES:
            self._on_progress(event)

    def on_end(self, analysis: Analysis, end: RunEnd) -> None:
        """Print effects, verdicts, what the checks found, and where results are."""
        for effect in analysis.effects:
            print_json(EffectEvent(effect=effect), lines=True)
        for verdict in analysis.verdicts:
            print_json(VerdictEvent(verdict=verdict), lines=True)
        for finding in analysis.findings:
            print_json(FindingEvent(found="after training", finding=finding), lines=True)
        trials = analysis.results.trials
        lost = tuple(trials["trial"][trials["status"] != "done"])
        print_json(
            EndEvent(
                results=str(end.results),
                report=str(end.report),
                report_was_up_to_date=end.was_up_to_date,
                failed=lost,
            ),
            lines=True,
        )

    def _on_progress(self, event: Progress) -> None:
        self.last_progress = time.monotonic()
        print_json(
            ProgressEvent(
                trial=event.trial,
                epoch=event.epoch,
                epochs=event.epochs,
                seconds_left=self.workload.seconds_left,
            ),
            lines=True,
        )

    def _on_ended(self, event: Ended) -> None:
        result = event.result
        metrics = result.metrics if result else None
        print_json(
            TrialEvent(
                trial=event.trial.id,
                variant=event.trial.variant,
                seed=event.trial.seed,
                status=result.status if result else "failed",
                test_accuracy=metrics.test_accuracy if metrics else None,
                error=result.error if result else event.error,
                ended=self.workload.ended,
                expected=len(self.workload.work),
                seconds_left=self.workload.seconds_left,
            ),
            lines=True,
        )
