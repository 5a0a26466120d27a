"""Claims of papers judged by what was measured: claims and results in, verdicts out. No I/O."""

from cnn_ablate.claims.comparability import overrides
from cnn_ablate.claims.descriptions import subject
from cnn_ablate.claims.draft_verdict import NO_SEED
from cnn_ablate.claims.metrics import EXACT, METRICS, OF_CLASS, Results
from cnn_ablate.claims.verdicts import judge_claims

__all__ = [
    "EXACT",
    "METRICS",
    "NO_SEED",
    "OF_CLASS",
    "Results",
    "judge_claims",
    "overrides",
    "subject",
]
