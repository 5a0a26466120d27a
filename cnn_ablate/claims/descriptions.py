"""Claims in words: what is published, and what it is checked on."""

from cnn_ablate.schema import TEST_ACCURACY, Claim, Metric, label
from cnn_ablate.stats import printed, signed


def published(claim: Claim, metric: Metric) -> str:
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
        return f"{signed(claim.size, metric)}{_levels(claim)}"
    bound = {"higher": "at least ", "lower": "at most "}.get(claim.effect or "", "")
    return f"{bound}{printed(claim, metric)}"


def subject(claim: Claim, metric: Metric) -> str:
    """Return what a claim is checked on: `accuracy of cat, augment: flip against none`.

    The levels of other factors at which it holds are part of `published`.
    """
    return f"{_metric(claim, metric)}, {_variants(claim)}"


def _metric(claim: Claim, metric: Metric) -> str:
    if claim.taken_for:
        return f"mistakes on {claim.of_class}"
    words = "accuracy" if metric.name == TEST_ACCURACY.name else metric.label
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
