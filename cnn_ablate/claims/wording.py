"""How numbers of claims and verdicts are written."""

from decimal import Decimal

from cnn_ablate.claims.metrics import metric_of
from cnn_ablate.schema import Claim, label
from cnn_ablate.stats import Interval, amount, between, in_points, plain


def decimals(claim: Claim) -> int:
    """Give the decimals of a published number as printed, as far as the number shows them."""
    if claim.decimals is not None or claim.value is None:
        return claim.decimals or 0
    exponent = Decimal(repr(claim.value)).normalize().as_tuple().exponent
    return max(0, -int(exponent))


def rounding(claim: Claim) -> float:
    """Give half a unit of the last printed digit, in the unit of the number."""
    return 0.5 * 10.0 ** -decimals(claim)


def level(value: float, metric: str, digits: int = 2) -> str:
    """Write a level: `85.31 %` of an accuracy in per cent, `4,969,600` of a count."""
    return f"{value:.{digits}f} %" if in_points(metric) else plain(value)


def signed(value: float, metric: str) -> str:
    """Write a difference with its sign: `+1.2 points`."""
    return f"{'+' if value > 0 else ''}{amount(value, metric)}"


def levels(interval: Interval, metric: str) -> str:
    """Write an interval of levels: `[84.9, 85.7] %`; shares end at 0 and 100."""
    if not in_points(metric):
        return between(interval, metric)
    low, high = interval
    return f"{between((max(low, 0.0), min(high, 100.0)), metric)} %"


def published(claim: Claim) -> str:
    """Say what a claim claims."""
    metric = metric_of(claim)
    if claim.taken_for:
        return f"{claim.of_class} is taken for {claim.taken_for}"
    if claim.rank:
        return f"{claim.of_class} is the {claim.rank} class"
    if claim.effect == "none":
        return f"no {'other ' if claim.than_at else ''}effect{_where(claim)}"
    if claim.value is None:
        return (claim.effect or "") + _where(claim)
    if claim.compares:
        return f"{signed(size(claim), metric)}{_where(claim)}"
    number = _printed(claim, metric)
    bound = {"higher": "at least ", "lower": "at most "}.get(claim.effect or "", "")
    return f"{bound}{number}"


_METRICS = {
    "test_accuracy": "accuracy",
    "auc_accuracy": "area under the accuracy over epochs",
    "class_f1": "F1",
}


def subject(claim: Claim) -> str:
    """Say what a claim is checked on: `accuracy of cat, augment: flip against none`.

    At which levels of other factors it is said to hold, `published` tells.
    """
    return f"{_measure(claim)}, {_sides(claim)}"


def _measure(claim: Claim) -> str:
    if claim.taken_for:
        return f"mistakes on {claim.of_class}"
    metric = metric_of(claim)
    words = _METRICS.get(metric, metric.removeprefix("class_").replace("_", " "))
    return f"{words} of {claim.of_class}" if claim.of_class else words


def _sides(claim: Claim) -> str:
    if claim.factor:
        return f"{claim.factor}: {claim.to_level} against {claim.from_level}"
    against = f" against {claim.reference}" if claim.reference else ""
    return f"{claim.variant or 'baseline'}{against}"


def size(claim: Claim) -> float:
    """Give a published difference with its sign."""
    value = claim.value or 0.0
    return {"higher": abs(value), "lower": -abs(value)}.get(claim.effect or "", value)


def _printed(claim: Claim, metric: str) -> str:
    value, digits = claim.value or 0.0, decimals(claim)
    if in_points(metric):
        return level(100 * value, metric, max(0, digits - 2))
    return f"{value:,.{max(0, digits)}f}"


def _where(claim: Claim) -> str:
    here = ", ".join(f"{name} = {label(value)}" for name, value in claim.at.items())
    there = ", ".join(f"{name} = {label(value)}" for name, value in claim.than_at.items())
    return f"{f' at {here}' if here else ''}{f' than at {there}' if there else ''}"
