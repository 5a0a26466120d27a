"""Studies to results: what is planned and not yet done is trained, and everything is kept."""

from cnn_ablate.runner.auditing import audited, with_findings
from cnn_ablate.runner.estimate import estimated_seconds
from cnn_ablate.runner.running import outstanding, run
from cnn_ablate.runner.survey import Survey, Where, survey

__all__ = [
    "Survey",
    "Where",
    "audited",
    "estimated_seconds",
    "outstanding",
    "run",
    "survey",
    "with_findings",
]
