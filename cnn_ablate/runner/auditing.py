"""A study that is laid out, audited with all that is known of it."""

from dataclasses import replace

from cnn_ablate.audit import Subject, audit
from cnn_ablate.errors import UserError
from cnn_ablate.runner.survey import Survey, Where
from cnn_ablate.schema import Finding
from cnn_ablate.store import read


def audited(survey: Survey) -> tuple[Finding, ...]:
    """Give what the audit finds, the gravest first; of images only if they are here."""
    return audit(Subject(survey.study, survey.plan, survey.sizes, survey.images))


def with_findings(survey: Survey, where: Where) -> Survey:
    """Audit a study, unless it was audited when it last ran and nothing of it has changed."""
    try:
        record = read(where.results, survey.study.folder).record
    except UserError:
        return replace(survey, findings=audited(survey))
    known = record.audited and (record.study, record.plan) == (survey.study, survey.plan)
    return replace(survey, findings=record.findings if known else audited(survey))
