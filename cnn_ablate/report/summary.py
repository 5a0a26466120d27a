"""A study summed up once: all that the pages show, in words and numbers, whatever the format."""

import json
import shlex
from dataclasses import dataclass

import pandas as pd

from cnn_ablate.report import run_facts
from cnn_ablate.report.context import ReportContext
from cnn_ablate.report.figures import FIGURES
from cnn_ablate.report.highlights import glance
from cnn_ablate.report.listings import Listing, listings
from cnn_ablate.report.run_facts import Fact, Failure
from cnn_ablate.report.table import Table, table
from cnn_ablate.report.verdicts import Verdicts, judge
from cnn_ablate.schema import Effect, Finding, Paper, Study
from cnn_ablate.stats import limitations, methods
from cnn_ablate.store import Results


@dataclass(frozen=True)
class Shown:
    """A figure that has something to show."""

    name: str
    section: str
    title: str
    caption: str
    alt: str
    folded: bool
    data: pd.DataFrame


@dataclass(frozen=True)
class Summary:
    """All that a report shows."""

    name: str
    title: str
    sentence: str
    paper: Paper | None
    glance: tuple[Fact, ...]
    conditions: str
    reference: str
    failures: tuple[Failure, ...]
    missing: tuple[str, ...]
    verdicts: Verdicts
    effects: tuple[Effect, ...]
    findings: tuple[Finding, ...]
    audited: bool
    budget: tuple[Fact, ...]
    table: Table
    listings: tuple[Listing, ...]
    figures: tuple[Shown, ...]
    environment: tuple[Fact, ...]
    command: str
    methods: tuple[str, ...]
    limitations: tuple[str, ...]

    @property
    def said(self) -> str:
        """Head the column of what claims say: a study need not be of a paper."""
        return "Published" if self.paper else "Claimed"

    @property
    def sections(self) -> dict[str, tuple[Shown, ...]]:
        """The figures by the heading they stand under, in the order of the table of figures."""
        names = dict.fromkeys(shown.section for shown in self.figures)
        return {
            name: tuple(shown for shown in self.figures if shown.section == name) for name in names
        }


def summarise(results: Results) -> Summary:
    """Sum up a study as far as it was run."""
    measured = ReportContext.of(results)
    record, verdicts = results.record, judge(results)
    return Summary(
        name=record.study.folder,
        title=record.study.title or record.study.name,
        sentence=run_facts.sentence(measured),
        paper=record.study.paper,
        glance=glance(measured, verdicts.tally),
        conditions=measured.conditions,
        reference=measured.reference,
        failures=run_facts.failures(measured),
        missing=run_facts.missing(measured),
        verdicts=verdicts,
        effects=tuple(effect for effect in measured.effects if effect.seeds),
        findings=record.findings,
        audited=record.audited,
        budget=run_facts.budget(measured),
        table=table(measured),
        listings=listings(measured),
        figures=_figures(measured),
        environment=run_facts.environment(measured),
        command=record.command or _command(record.study),
        methods=methods(record, measured.effects),
        limitations=tuple(limitations(record, results.trials, measured.effects)),
    )


def _command(study: Study) -> str:
    """Give the command that runs a study, where a program of the user's ran it."""
    profile = ["--profile", study.profile] if study.profile else []
    pairs = (f"{key}={json.dumps(value)}" for key, value in study.forced.items())
    sets = [word for pair in pairs for word in ("--set", pair)]
    return shlex.join(["cnn-ablate", "run", study.source, *profile, *sets])


def _figures(measured: ReportContext) -> tuple[Shown, ...]:
    shown = []
    for name, picture in FIGURES.items():
        data = picture.data(measured)
        if data is not None:
            formats = picture.caption(measured, data), picture.alt(data)
            about = name, picture.section, picture.title, *formats, picture.folded
            shown.append(Shown(*about, data=data))
    return tuple(shown)
