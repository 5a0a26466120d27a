"""The values that flow through the program: frozen, checked, without torch and without I/O."""

from cnn_ablate.schema.plan import TRAINING_VERSION, Contrast, Plan, Recipe, Size, Trial, Variant
from cnn_ablate.schema.result import (
    ClassRow,
    DataFacts,
    Effect,
    Environment,
    EpochRow,
    Finding,
    Metrics,
    Record,
    Status,
    TrialResult,
    Verdict,
)
from cnn_ablate.schema.study import Claim, Design, DesignKind, Entry, Factor, Level, Paper, Study
from cnn_ablate.schema.values import Frozen, Overrides, Settings, label, looked_up, replaced

__all__ = [
    "TRAINING_VERSION",
    "Claim",
    "ClassRow",
    "Contrast",
    "DataFacts",
    "Design",
    "DesignKind",
    "Effect",
    "Entry",
    "Environment",
    "EpochRow",
    "Factor",
    "Finding",
    "Frozen",
    "Level",
    "Metrics",
    "Overrides",
    "Paper",
    "Plan",
    "Recipe",
    "Record",
    "Settings",
    "Size",
    "Status",
    "Study",
    "Trial",
    "TrialResult",
    "Variant",
    "Verdict",
    "label",
    "looked_up",
    "replaced",
]
