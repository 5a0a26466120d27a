"""What can be said against a study's results, from its tables alone: always shown beside them."""

from collections.abc import Callable, Iterable

from cnn_ablate.checks.chance import at_chance
from cnn_ablate.checks.compute_settings import compute_differs
from cnn_ablate.checks.convergence import LEAST_EPOCHS, RISE, last_rises, still_improving
from cnn_ablate.checks.failures import failed_trials
from cnn_ablate.checks.identical_seeds import identical_seeds
from cnn_ablate.checks.norm_statistics import unsettled_norm
from cnn_ablate.checks.one_class import predicts_one_class
from cnn_ablate.checks.trained_study import TrainedStudy
from cnn_ablate.schema import Finding
from cnn_ablate.store import Results

CHECKS: dict[str, Callable[[TrainedStudy], Iterable[Finding]]] = {
    "failed trials": failed_trials,
    "at chance": at_chance,
    "predicts one class": predicts_one_class,
    "normalisation statistics": unsettled_norm,
    "identical seeds": identical_seeds,
    "compute settings": compute_differs,
    "still improving": still_improving,
}
_SEVERITIES = ("error", "warning", "note")
# Why a contrast with such a variant means nothing.
_REASONS = {
    "at chance": "{} is at chance",
    "reference at chance": "{} is at chance",
    "predicts one class": "{} predicts one class",
    "normalisation statistics not settled": "the batch-norm statistics of {} have not settled",
}
# A variant and its reference.
Pair = tuple[str, str]

__all__ = [
    "CHECKS",
    "LEAST_EPOCHS",
    "RISE",
    "Pair",
    "check_results",
    "last_rises",
    "meaningless",
]


def check_results(results: Results) -> tuple[Finding, ...]:
    """Return all findings on a study that was run, the gravest first."""
    study = TrainedStudy(results)
    if study.done.empty:
        return tuple(failed_trials(study))
    findings = [finding for check in CHECKS.values() for finding in check(study)]
    return tuple(sorted(findings, key=lambda finding: _SEVERITIES.index(finding.severity)))


def meaningless(findings: Iterable[Finding]) -> dict[Pair, str]:
    """Return the contrasts that mean nothing, each with the first reason that was found."""
    reasons: dict[Pair, str] = {}
    for finding in findings:
        at_fault = {*finding.data.get("variants", ())} - {*finding.data.get("in_some_seeds", ())}
        for variant, reference in finding.data.get("meaningless", ()):
            blamed = reference if reference in at_fault else variant
            reasons.setdefault((variant, reference), _REASONS[finding.kind].format(blamed))
    return reasons
