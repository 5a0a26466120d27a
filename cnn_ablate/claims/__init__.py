"""Claims of papers judged by what was measured: claims and results in, verdicts out. No I/O."""

from cnn_ablate.claims.comparability import (
    is_reduced,
    overrides,
    replaced_value,
    replaced_values,
    source_of_overrides,
)
from cnn_ablate.claims.descriptions import subject
from cnn_ablate.claims.draft_verdict import is_run
from cnn_ablate.claims.metrics import EXACT, OF_CLASS, OUTCOMES
from cnn_ablate.claims.preregistered import StatedTimes, counts, results_seen, with_stated
from cnn_ablate.claims.statement_counts import (
    CONTRADICTING,
    WORDS,
    by_statement,
    contradictions,
    count_statements,
    statement_verdict,
)
from cnn_ablate.claims.verdicts import judge_claims

__all__ = [
    "CONTRADICTING",
    "EXACT",
    "OF_CLASS",
    "OUTCOMES",
    "WORDS",
    "StatedTimes",
    "by_statement",
    "contradictions",
    "count_statements",
    "counts",
    "is_reduced",
    "is_run",
    "judge_claims",
    "overrides",
    "replaced_value",
    "replaced_values",
    "results_seen",
    "source_of_overrides",
    "statement_verdict",
    "subject",
    "with_stated",
]
