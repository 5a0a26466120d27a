"""The content of a report's pages in words and numbers, the same for every format."""

import json
import shlex
from dataclasses import dataclass

import pandas as pd

from cnn_ablate.report import run_facts
from cnn_ablate.report.ablation_table import AblationTable, ablation_table
from cnn_ablate.report.alarms import Alarm, alarms
from cnn_ablate.report.baseline_facts import baseline_facts
from cnn_ablate.report.claims_table import ClaimTables, claim_tables
from cnn_ablate.report.detail_tables import DetailTable, detail_tables
from cnn_ablate.report.figures import FIGURES
from cnn_ablate.report.highlights import OutcomeList, answer, highlights, outcome_lists
from cnn_ablate.report.limitations import limitations
from cnn_ablate.report.methods import methods
from cnn_ablate.report.report_data import MANY, ReportData
from cnn_ablate.report.run_facts import Fact, Failure
from cnn_ablate.report.trust import Support, support
from cnn_ablate.schema import Finding, Paper, Study


@dataclass(frozen=True)
class FigureEntry:
    """A figure that has data, with its texts."""

    name: str
    section: str
    title: str
    caption: str
    alt: str
    folded: bool
    data: pd.DataFrame


@dataclass(frozen=True)
class PageContent:
    """Everything that the pages of a report show."""

    name: str
    title: str
    answer: str
    sentence: str
    paper: Paper | None
    alarms: tuple[Alarm, ...]
    highlights: tuple[Fact, ...]
    outcomes: tuple[OutcomeList, ...]
    support: tuple[Support, ...]
    conditions: str
    reference: str
    failures: tuple[Failure, ...]
    missing: tuple[str, ...]
    claims: ClaimTables
    findings: tuple[Finding, ...]
    audited: bool
    baseline: tuple[Fact, ...]
    setup: tuple[Fact, ...]
    file: str
    table: AblationTable
    details: tuple[DetailTable, ...]
    figures: tuple[FigureEntry, ...]
    environment: tuple[Fact, ...]
    command: str
    methods: tuple[str, ...]
    limitations: tuple[str, ...]

    @property
    def claimed(self) -> str:
        """The heading of the column of claimed values: claims need not be those of a paper."""
        return "Published" if self.paper else "Claimed"

    @property
    def is_crossed(self) -> bool:
        """Whether there are more variants than a reader compares: factors come first."""
        return "Factors" in self.sections and len(self.table.rows) > MANY

    @property
    def sections(self) -> dict[str, tuple[FigureEntry, ...]]:
        """The figures by section, both in the order of the table of figures."""
        sections: dict[str, tuple[FigureEntry, ...]] = {}
        for figure in self.figures:
            sections[figure.section] = (*sections.get(figure.section, ()), figure)
        return sections


def page_content(context: ReportData) -> PageContent:
    """Return the content of the pages of a study as far as it was run."""
    record, claims = context.results.record, claim_tables(context)
    gaps = run_facts.missing(context)
    return PageContent(
        name=record.study.folder,
        title=record.study.title or record.study.name,
        answer=answer(context),
        sentence=run_facts.study_sentence(context),
        paper=record.study.paper,
        alarms=alarms(context),
        highlights=highlights(context, claims.tally),
        outcomes=outcome_lists(context),
        support=support(context, gaps),
        conditions=context.conditions,
        reference=context.reference,
        failures=run_facts.failures(context),
        missing=gaps,
        claims=claims,
        findings=record.findings,
        audited=record.audited,
        baseline=baseline_facts(record, context.reference),
        setup=run_facts.training_setup(context),
        file=record.file,
        table=ablation_table(context),
        details=detail_tables(context),
        figures=_figures(context),
        environment=run_facts.environment(context),
        command=record.command or _command(record.study),
        methods=methods(record, context.results.trials, context.effects, context.reference),
        limitations=tuple(limitations(record, context.results.trials, context.effects)),
    )


def _command(study: Study) -> str:
    """Return the command line that runs a study, for one that was run from Python."""
    profile = ["--profile", study.profile] if study.profile else []
    pairs = (f"{key}={json.dumps(value)}" for key, value in study.forced.items())
    sets = [word for pair in pairs for word in ("--set", pair)]
    return shlex.join(["cnn-ablate", "run", study.source, *profile, *sets])


def _figures(context: ReportData) -> tuple[FigureEntry, ...]:
    entries = []
    for name, spec in FIGURES.items():
        data = spec.data(context)
        if data is not None:
            texts = {"caption": spec.caption(context, data), "alt": spec.alt(data)}
            place = {"section": spec.section, "title": spec.title}
            entries.append(FigureEntry(name, **place, **texts, folded=spec.folded, data=data))
    return tuple(entries)
