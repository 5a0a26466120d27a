"""Plans of studies: variants, contrasts, trials, and which variants a claim compares. No I/O."""

from cnn_ablate.plan.claim_variants import (
    NotInPlanError,
    Pair,
    Weights,
    claim_weights,
    claimed_pairs,
    claimed_variant,
)
from cnn_ablate.plan.designs import count_points, crosses_baseline
from cnn_ablate.plan.only import matches, select_variants
from cnn_ablate.plan.planning import lay_out, plan, seeds_of, with_trials

__all__ = [
    "NotInPlanError",
    "Pair",
    "Weights",
    "claim_weights",
    "claimed_pairs",
    "claimed_variant",
    "count_points",
    "crosses_baseline",
    "lay_out",
    "matches",
    "plan",
    "seeds_of",
    "select_variants",
    "with_trials",
]
