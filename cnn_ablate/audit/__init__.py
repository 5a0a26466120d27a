"""What can be proven of a study before any training: the faults that make an ablation wrong."""

from collections.abc import Callable, Iterable

import torch

from cnn_ablate.audit.capacity import capacity_confounds
from cnn_ablate.audit.claim_contradictions import paper_contradictions
from cnn_ablate.audit.confounded import moved_together
from cnn_ablate.audit.dead_parameters import dead_parameters
from cnn_ablate.audit.images import spoilt_images
from cnn_ablate.audit.inert_factors import inert_factors
from cnn_ablate.audit.logits import no_logits
from cnn_ablate.audit.parameter_counts import parameter_budget, parameter_claims
from cnn_ablate.audit.power import cannot_show
from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.test_selection import test_selections
from cnn_ablate.audit.unused_settings import unused_settings
from cnn_ablate.schema import Finding

CHECKS: dict[str, Callable[[Subject], Iterable[Finding]]] = {
    "inert factors": inert_factors,
    "images": spoilt_images,
    "dead parameters": dead_parameters,
    "parameter budget": parameter_budget,
    "parameter claims": parameter_claims,
    "outputs": no_logits,
    "selection on the test set": test_selections,
    "moved together": moved_together,
    "unused settings": unused_settings,
    "capacity": capacity_confounds,
    "statistical power": cannot_show,
    "contradictions": paper_contradictions,
}
_ORDER = ("error", "warning", "note")

__all__ = ["CHECKS", "Subject", "audit"]


def audit(subject: Subject) -> tuple[Finding, ...]:
    """Give all findings on a study, the gravest first."""
    threads = torch.get_num_threads()
    # Threads that wait for each other are slower than one as soon as anything else runs here.
    torch.set_num_threads(1)
    try:
        found = [finding for check in CHECKS.values() for finding in check(subject)]
    finally:
        torch.set_num_threads(threads)
    return tuple(sorted(found, key=lambda finding: _ORDER.index(finding.severity)))
