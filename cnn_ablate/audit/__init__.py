"""Audit a study before any training: find what makes an ablation wrong or meaningless."""

from collections.abc import Callable, Iterable

import torch

from cnn_ablate.audit.capacity import capacity_confounds
from cnn_ablate.audit.claim_contradictions import claim_contradictions
from cnn_ablate.audit.confounded import confounded_contrasts
from cnn_ablate.audit.dead_parameters import dead_parameters
from cnn_ablate.audit.image_faults import train_test_overlap, unlearnable_images
from cnn_ablate.audit.inert_factors import inert_factors
from cnn_ablate.audit.outputs_not_logits import non_negative_logits, saturated_outputs
from cnn_ablate.audit.parameter_limits import parameter_budget, parameter_claims
from cnn_ablate.audit.power import too_few_seeds
from cnn_ablate.audit.selection_on_test import selection_on_test
from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.unused_settings import unused_settings
from cnn_ablate.schema import Finding

# Kind of finding: the check that yields it. docs/audit.md explains each kind to users.
CHECKS: dict[str, Callable[[Subject], Iterable[Finding]]] = {
    "inert-factor": inert_factors,
    "train-test-overlap": train_test_overlap,
    "unlearnable-images": unlearnable_images,
    "dead-parameters": dead_parameters,
    "parameter-budget": parameter_budget,
    "parameter-claim": parameter_claims,
    "non-negative-logits": non_negative_logits,
    "saturated-output": saturated_outputs,
    "test-selection": selection_on_test,
    "moved-together": confounded_contrasts,
    "unused-setting": unused_settings,
    "capacity-confound": capacity_confounds,
    "cannot-show": too_few_seeds,
    "paper-contradiction": claim_contradictions,
}
_ORDER = ("error", "warning", "note")

__all__ = ["CHECKS", "Subject", "audit"]


def audit(subject: Subject) -> tuple[Finding, ...]:
    """Return all findings about a study: errors first, then warnings, then notes."""
    threads = torch.get_num_threads()
    # Probes are tiny: several threads only wait for each other as soon as the CPU is shared.
    torch.set_num_threads(1)
    try:
        findings = [finding for check in CHECKS.values() for finding in check(subject)]
    finally:
        torch.set_num_threads(threads)
    return tuple(sorted(findings, key=lambda finding: _ORDER.index(finding.severity)))
