"""The findings that a report shows before anything else: all of the checks, errors of the audit."""

from collections.abc import Iterator
from dataclasses import dataclass

from cnn_ablate.report.report_data import ReportData
from cnn_ablate.schema import Finding

# The section of the page that shows what a kind of finding is about, unless it is the results.
_SECTIONS = {"failed trials": "failures", "still improving": "training"}


@dataclass(frozen=True)
class Alarm:
    """A finding, who found it, and the section of the page to look at."""

    finder: str
    section: str
    finding: Finding


def alarms(context: ReportData) -> tuple[Alarm, ...]:
    """Return what a reader must know before any number, the gravest first."""
    found = [*_of_checks(context), *_of_audit(context)]
    return tuple(sorted(found, key=lambda alarm: alarm.finding.severity != "error"))


def _of_checks(context: ReportData) -> Iterator[Alarm]:
    for finding in context.findings:
        section = "effects" if finding.data.get("meaningless") else "results"
        yield Alarm("Check", _SECTIONS.get(finding.kind, section), finding)


def _of_audit(context: ReportData) -> Iterator[Alarm]:
    for finding in context.results.record.findings:
        if finding.severity == "error":
            yield Alarm("Audit", "audit", finding)
