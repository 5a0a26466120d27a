"""Plans of studies: variants, contrasts, trials, and which variants a claim compares. No I/O."""

from cnn_ablate.plan.claimed import (
    NotInPlanError,
    Pair,
    Weights,
    claim_weights,
    claimed_pairs,
    claimed_variant,
)
from cnn_ablate.plan.only import matches, select_variants
from cnn_ablate.plan.planning import plan

__all__ = [
    "NotInPlanError",
    "Pair",
    "Weights",
    "claim_weights",
    "claimed_pairs",
    "claimed_variant",
    "matches",
    "plan",
    "select_variants",
]
