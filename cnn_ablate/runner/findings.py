"""The findings of the audit on a prepared study, taken from the last run if still valid."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from importlib.metadata import version

from cnn_ablate.audit import Subject, audit
from cnn_ablate.errors import UserError
from cnn_ablate.runner.config import RunConfig
from cnn_ablate.runner.prepare import Prepared
from cnn_ablate.schema import Finding, canonical
from cnn_ablate.store import read_record


def audit_findings(prepared: Prepared) -> tuple[Finding, ...]:
    """Return what the audit finds, most severe first; images are checked only if present."""
    settings = {v.name: canonical(v.settings) for v in prepared.plan.variants}
    untrainable = {settings[name]: str(fault) for name, fault in prepared.unbuildable.items()}
    study, sizes = prepared.study, prepared.sizes
    return audit(Subject(study, prepared.plan, sizes, prepared.images, untrainable))


def with_findings(
    prepared: Prepared,
    config: RunConfig,
    *,
    run_audit: bool = True,
    during: AbstractContextManager[None] | None = None,
) -> Prepared:
    """Return a study with the findings of its last run if they still hold, else of a new audit.

    With `run_audit` off there is no new audit, and perhaps no findings. `during` holds during it.
    """
    findings = _kept_findings(prepared, config)
    if findings is None and run_audit:
        with during or nullcontext():
            findings = audit_findings(prepared)
    return replace(prepared, findings=findings)


def _kept_findings(prepared: Prepared, config: RunConfig) -> tuple[Finding, ...] | None:
    """Return the findings of the last run, if this version made them for the same study."""
    try:
        record = read_record(config.results, prepared.study.folder)
    except UserError:
        return None
    same_version = record.environment.cnn_ablate == version("cnn-ablate")
    same_study = (record.study, record.plan) == (prepared.study, prepared.plan)
    return record.findings if record.audited and same_version and same_study else None
