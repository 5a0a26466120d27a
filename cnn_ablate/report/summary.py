"""A study summed up once: all that the pages show, in words and numbers, whatever the format."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cnn_ablate.claims import verdicts
from cnn_ablate.report import coverage
from cnn_ablate.report.coverage import Fact, Failure
from cnn_ablate.report.figures import FIGURES
from cnn_ablate.report.measured import Measured
from cnn_ablate.report.table import Table, table
from cnn_ablate.schema import Claim, Effect, Finding, Paper, Verdict
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
class Judged:
    """A claim with what the data say of it, and why in words."""

    claim: Claim
    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class Summary:
    """All that a report shows."""

    name: str
    title: str
    sentence: str
    paper: Paper | None
    source: str
    reference: str
    failures: tuple[Failure, ...]
    missing: tuple[str, ...]
    hindrance: str
    verdicts: tuple[Judged, ...]
    effects: tuple[Effect, ...]
    findings: tuple[Finding, ...]
    budget: tuple[Fact, ...]
    table: Table
    figures: tuple[Shown, ...]
    environment: tuple[Fact, ...]
    commands: tuple[str, ...]
    methods: str
    limitations: tuple[str, ...]

    @property
    def sections(self) -> dict[str, tuple[Shown, ...]]:
        """The figures by the heading they stand under, in the order of the table of figures."""
        names = dict.fromkeys(shown.section for shown in self.figures)
        return {
            name: tuple(shown for shown in self.figures if shown.section == name) for name in names
        }


def summarise(results: Results) -> Summary:
    """Sum up a study as far as it was run."""
    measured = Measured.of(results)
    record = results.record
    return Summary(
        name=record.study.folder,
        title=record.study.title or record.study.name,
        sentence=coverage.sentence(measured),
        paper=record.study.paper,
        source=record.study.source,
        reference=measured.reference,
        failures=coverage.failures(measured),
        missing=coverage.missing(measured),
        **_judged(record.study.claims, verdicts(results)),
        effects=measured.effects,
        findings=record.findings,
        budget=coverage.budget(measured),
        table=table(measured),
        figures=_figures(measured),
        environment=coverage.environment(measured),
        commands=(record.command or f"cnn-ablate run {record.study.source}",),
        methods=methods(record, measured.effects),
        limitations=tuple(limitations(record, results.trials, measured.effects)),
    )


def _judged(claims: tuple[Claim, ...], found: tuple[Verdict, ...]) -> dict[str, Any]:
    """Pair claims and verdicts; what hinders all that cannot be compared is said only once."""
    split = [verdict.reason.partition("; here ") for verdict in found]
    common = Counter(hindrance for hindrance, here, _ in split if here).most_common(1)
    hindrance = common[0][0] if common and common[0][1] > 1 else ""
    reasons = [
        f"{measured[:1].upper()}{measured[1:]}"
        if head == hindrance and here
        else head + here + measured
        for head, here, measured in split
    ]
    return {"hindrance": hindrance, "verdicts": tuple(map(Judged, claims, found, reasons))}


def _figures(measured: Measured) -> tuple[Shown, ...]:
    shown = []
    for name, picture in FIGURES.items():
        data = picture.data(measured)
        if data is not None:
            words = picture.caption(measured, data), picture.alt(data)
            about = name, picture.section, picture.title, *words, picture.folded
            shown.append(Shown(*about, data=data))
    return tuple(shown)
