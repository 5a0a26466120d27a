"""A study to its plan: variants, contrasts and trials. Pure: builds nothing, reads nothing."""

from cnn_ablate.plan.only import matches, matching
from cnn_ablate.plan.planning import plan

__all__ = ["matches", "matching", "plan"]
