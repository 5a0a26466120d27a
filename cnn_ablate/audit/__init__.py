"""Audit a study before any training: find what makes an ablation wrong or mean nothing."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import torch

from cnn_ablate.audit.capacity import capacity_confounds
from cnn_ablate.audit.claim_contradictions import claim_contradictions
from cnn_ablate.audit.class_imbalance import class_imbalance
from cnn_ablate.audit.confounded import confounded_contrasts
from cnn_ablate.audit.contradictory_labels import contradictory_labels
from cnn_ablate.audit.dead_parameters import dead_parameters
from cnn_ablate.audit.doubly_set_keys import doubly_set_keys
from cnn_ablate.audit.excluded_baseline import excluded_baseline
from cnn_ablate.audit.few_steps import too_few_steps
from cnn_ablate.audit.few_test_images import too_few_test_images
from cnn_ablate.audit.inert_factors import inert_factors
from cnn_ablate.audit.near_duplicates import near_duplicates
from cnn_ablate.audit.outputs_not_logits import non_negative_logits, saturated_outputs
from cnn_ablate.audit.parameter_counts import parameter_budget, parameter_claims
from cnn_ablate.audit.power import too_few_seeds
from cnn_ablate.audit.selection_on_test import selection_on_test
from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.train_test_overlap import train_test_overlap
from cnn_ablate.audit.unlearnable_images import unlearnable_images
from cnn_ablate.audit.untrainable_variants import find_untrainable, untrainable_variants
from cnn_ablate.audit.unused_settings import unused_settings
from cnn_ablate.schema import Finding

# Kind of finding: the check that yields it. docs/audit.md explains each kind to users.
CHECKS: dict[str, Callable[[Subject], Iterable[Finding]]] = {
    "cannot-train": untrainable_variants,
    "inert-factor": inert_factors,
    "train-test-overlap": train_test_overlap,
    "near-duplicates": near_duplicates,
    "contradictory-labels": contradictory_labels,
    "unlearnable-images": unlearnable_images,
    "dead-parameters": dead_parameters,
    "parameter-budget": parameter_budget,
    "parameter-claim": parameter_claims,
    "non-negative-logits": non_negative_logits,
    "saturated-output": saturated_outputs,
    "test-selection": selection_on_test,
    "excluded-baseline": excluded_baseline,
    "set-twice": doubly_set_keys,
    "moved-together": confounded_contrasts,
    "unused-setting": unused_settings,
    "capacity-confound": capacity_confounds,
    "class-imbalance": class_imbalance,
    "few-steps": too_few_steps,
    "few-test-images": too_few_test_images,
    "cannot-show": too_few_seeds,
    "paper-contradiction": claim_contradictions,
}
# The checks that need neither a network nor data, which only the user's own trainer knows.
_OF_ANY_TRAINER = ("cannot-show", "paper-contradiction")
_ORDER = ("error", "warning", "note")

__all__ = ["CHECKS", "Subject", "audit"]


def audit(subject: Subject) -> tuple[Finding, ...]:
    """Return all findings about a study: errors first, then warnings, then notes.

    With an external trainer there is no network to look at, and fewer checks are made.
    """
    kinds = _OF_ANY_TRAINER if subject.study.trainer else tuple(CHECKS)
    threads = torch.get_num_threads()
    # Probes are tiny: several threads only wait for each other as soon as the CPU is shared.
    torch.set_num_threads(1)
    try:
        examined = replace(subject, untrainable=find_untrainable(subject))
        findings = [finding for kind in kinds for finding in CHECKS[kind](examined)]
    finally:
        torch.set_num_threads(threads)
    return tuple(sorted(findings, key=lambda finding: _ORDER.index(finding.severity)))
