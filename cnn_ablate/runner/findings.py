"""A study that is laid out, audited with all that is known of it."""

from dataclasses import replace
from importlib.metadata import version

from cnn_ablate.audit import Subject, audit
from cnn_ablate.errors import UserError
from cnn_ablate.runner.prepare import Prepared, RunConfig
from cnn_ablate.schema import Finding
from cnn_ablate.store import read_record


def audited(survey: Prepared) -> tuple[Finding, ...]:
    """Give what the audit finds, the gravest first; of images only if they are here."""
    return audit(Subject(survey.study, survey.plan, survey.sizes, survey.images))


def with_findings(survey: Prepared, where: RunConfig, *, anew: bool = True) -> Prepared:
    """Audit a study, unless this version did when it last ran and nothing of it has changed.

    With `anew` off only such findings are taken, if there are any.
    """
    known = _known(survey, where)
    return replace(survey, findings=audited(survey) if known is None and anew else known)


def _known(survey: Prepared, where: RunConfig) -> tuple[Finding, ...] | None:
    try:
        record = read_record(where.results, survey.study.folder)
    except UserError:
        return None
    current = record.environment.cnn_ablate == version("cnn-ablate")
    same = (record.study, record.plan) == (survey.study, survey.plan)
    return record.findings if record.audited and current and same else None
