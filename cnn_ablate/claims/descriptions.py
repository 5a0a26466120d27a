"""Claims in words: what is published, and what it is checked on."""

from cnn_ablate.schema import Claim, label
from cnn_ablate.stats import printed, signed

_METRICS = {
    "test_accuracy": "accuracy",
    "accuracy_gap": "gap between training and test accuracy",
    "auc_accuracy": "area under the accuracy over epochs",
    "class_f1": "F1",
}


def published(claim: Claim) -> str:
    """Return what a claim states: `86 %`, `+1.2 points at model.attention = cbam`, `higher`."""
    if claim.taken_for:
        return f"{claim.of_class} is taken for {claim.taken_for}"
    if claim.rank:
        return f"{claim.of_class} is the {claim.rank} class"
    if claim.effect == "none":
        return f"no {'other ' if claim.than_at else ''}effect{_levels(claim)}"
    if claim.value is None:
        return (claim.effect or "") + _levels(claim)
    if claim.compares:
        return f"{signed(claim.size, claim.measured_metric)}{_levels(claim)}"
    bound = {"higher": "at least ", "lower": "at most "}.get(claim.effect or "", "")
    return f"{bound}{printed(claim)}"


def subject(claim: Claim) -> str:
    """Return what a claim is checked on: `accuracy of cat, augment: flip against none`.

    The levels of other factors at which it holds are part of `published`.
    """
    return f"{_metric(claim)}, {_variants(claim)}"


def _metric(claim: Claim) -> str:
    if claim.taken_for:
        return f"mistakes on {claim.of_class}"
    metric = claim.measured_metric
    words = _METRICS.get(metric, metric.removeprefix("class_").replace("_", " "))
    return f"{words} of {claim.of_class}" if claim.of_class else words


def _variants(claim: Claim) -> str:
    if claim.factor:
        return f"{claim.factor}: {claim.to_level} against {claim.from_level}"
    against = f" against {claim.reference}" if claim.reference else ""
    return f"{claim.variant or 'baseline'}{against}"


def _levels(claim: Claim) -> str:
    here = ", ".join(f"{name} = {label(value)}" for name, value in claim.at.items())
    there = ", ".join(f"{name} = {label(value)}" for name, value in claim.than_at.items())
    return f"{f' at {here}' if here else ''}{f' than at {there}' if there else ''}"
