"""Verdicts on published effects: their direction, their size, or that there is none."""

from dataclasses import replace

from cnn_ablate.claims.draft_verdict import DraftVerdict
from cnn_ablate.claims.evidence import Evidence
from cnn_ablate.schema import Claim, Word
from cnn_ablate.stats import Interval, amount, bounds, equivalence_p, in_points, signed
from cnn_ablate.text import p_value

MARGIN = 1.0
"""Points within which two accuracies count as equal, unless the claim states another margin."""


def judge_direction(claim: Claim, evidence: Evidence) -> DraftVerdict:
    """Ask whether the effect has the claimed direction, and its size if that is claimed too.

    Both intervals, over seeds and over test images, must be on one side of zero.
    """
    upwards = claim.effect == "higher" or (claim.effect is None and claim.size >= 0)
    aligned = evidence if upwards else evidence.negated()
    low, high = aligned.interval()
    # Without predictions there is no interval over images, and that over seeds decides alone.
    images = aligned.image_interval() or (low, high)
    if min(low, images[0]) > 0:
        return _sized(claim, evidence)
    if max(high, images[1]) < 0:
        return _draft("not reproduced", evidence, f"{_basis(evidence)}: the opposite holds")
    margin = margin_of(claim, evidence)
    if low <= 0 <= high and margin and _equivalent(evidence, margin):
        beyond = "" if evidence.exact else f", and {_ruled_out(evidence, margin)}"
        return _draft("not reproduced", evidence, f"{_basis(evidence)}{beyond}")
    return _draft("undetermined", evidence, _open(evidence))


def judge_direction_alone(claim: Claim, evidence: Evidence) -> DraftVerdict:
    """Judge the direction of an effect whose published size is not comparable."""
    effect = "higher" if claim.size >= 0 else "lower"
    bare = {"value": None, "effect": effect, "margin": margin_of(claim, evidence)}
    draft = judge_direction(claim.model_copy(update=bare), evidence)
    if draft.verdict != "reproduced":
        return draft
    reason = f"{draft.reason}; sizes cannot be compared at another budget"
    return replace(draft, verdict="direction only", reason=reason)


def judge_none(claim: Claim, evidence: Evidence) -> DraftVerdict:
    """Ask whether the effect is within the margin (equivalence), or certainly outside of it."""
    margin = margin_of(claim, evidence)
    if margin is None:
        reason = f"no margin is stated within which an effect on {evidence.metric} counts as none"
        return _draft("undetermined", evidence, reason)
    beyond = amount(margin, evidence.metric)
    if _equivalent(evidence, margin):
        reason = f"{_ruled_out(evidence, margin)}, {evidence.seeds}"
        word: Word = "reproduced"
    elif all(_outside(interval, margin) for interval in _intervals(evidence)):
        reason = f"{_basis(evidence)}, beyond what counts as none ({beyond})"
        word = "not reproduced"
    else:
        reason = f"{_basis(evidence)}: effects beyond {beyond} cannot be ruled out"
        word = "undetermined"
    return _draft(word, evidence, _basis(evidence) if evidence.exact else reason)


def margin_of(claim: Claim, evidence: Evidence) -> float | None:
    """Return what counts as no effect: as claimed, else a point of accuracy, or half of a count.

    For a published effect that is smaller than a point the margin is its size.
    """
    if claim.margin is not None or not (evidence.exact or in_points(evidence.metric)):
        return claim.margin
    # Counts are whole numbers: less than half of one is none.
    if evidence.exact:
        return 0.5
    return min(MARGIN, abs(claim.size)) or MARGIN


def _sized(claim: Claim, evidence: Evidence) -> DraftVerdict:
    if claim.value is None:
        return _draft("reproduced", evidence, f"{_basis(evidence)}, as claimed")
    gap = abs(evidence.mean - claim.size)
    # The spread counts as known, so that a handful of noisy seeds cannot excuse a wrong size.
    allowed = evidence.tolerance(claim.rounding, known_spread=True)
    word: Word = "reproduced" if gap <= allowed + 1e-9 else "direction only"
    beyond = "within" if word == "reproduced" else "beyond"
    reason = (
        f"{_basis(evidence)}, as claimed, and {amount(gap, evidence.metric)} from the published "
        f"size, {beyond} the {amount(allowed, evidence.metric)} that noise allows"
    )
    return _draft(word, evidence, reason)


def _equivalent(evidence: Evidence, margin: float) -> bool:
    # Two one-sided tests at 5 % correspond to an interval of 90 %.
    images = evidence.image_interval(0.9)
    inside = images is None or max(map(abs, images)) < margin
    return inside and equivalence_p(evidence.values, margin) <= 0.05


def _ruled_out(evidence: Evidence, margin: float) -> str:
    p = p_value(equivalence_p(evidence.values, margin))
    beyond = amount(margin, evidence.metric)
    within = f"90 % interval {bounds(evidence.interval(0.9), evidence.metric)}"
    return f"two one-sided t tests rule out effects beyond {beyond} ({within}), {p}"


def _outside(interval: Interval, margin: float) -> bool:
    low, high = interval
    return low > margin or high < -margin


def _intervals(evidence: Evidence) -> list[Interval]:
    images = evidence.image_interval()
    return [evidence.interval(), *([images] if images else [])]


def _basis(evidence: Evidence) -> str:
    """Return where the interval over seeds is, relative to zero."""
    if evidence.exact:
        differ = f"the counts differ by {amount(abs(evidence.mean), evidence.metric)}"
        return differ if evidence.mean else "the counts agree"
    interval = evidence.interval()
    sides = {interval[0] > 0: "lies above zero", interval[1] < 0: "lies below zero"}
    side = sides.get(True, "includes zero")
    return f"the interval {bounds(interval, evidence.metric)} of {evidence.seeds} {side}"


def _open(evidence: Evidence) -> str:
    seeds, *images = _intervals(evidence)
    if seeds[0] <= 0 <= seeds[1] or not images:
        return f"{_basis(evidence)}: neither direction can be ruled out"
    over = bounds(images[0], evidence.metric)
    return f"{_basis(evidence)}, but that over test images {over} includes it"


def _draft(word: Word, evidence: Evidence, reason: str) -> DraftVerdict:
    interval = "" if evidence.exact else bounds(evidence.interval(), evidence.metric)
    return DraftVerdict(word, reason, signed(evidence.mean, evidence.metric), interval)
