"""Verdicts on published effects: their direction, their size, or that there is none."""

from dataclasses import replace
from math import inf, nan

from cnn_ablate.claims.draft_verdict import DraftVerdict
from cnn_ablate.claims.evidence import Evidence
from cnn_ablate.claims.published_values import TIE, is_too_wide
from cnn_ablate.schema import Claim, Word
from cnn_ablate.stats import (
    Decision,
    Interval,
    amount,
    bounds,
    equivalence_p,
    is_testable,
    rounded,
    signed,
)
from cnn_ablate.text import listed, p_value


def judge_direction(
    claim: Claim, evidence: Evidence, decision: Decision | None, *, sized: bool = True
) -> DraftVerdict:
    """Ask whether the effect has the claimed direction, and its size if that is claimed too.

    A direction is decided by the family of the contrast, over seeds, and where test images are
    known their interval must be on the same side of zero.

    Args:
        claim: States a direction, or a difference.
        evidence: What was measured.
        decision: That of the family; None if nothing was tested.
        sized: Whether a size can be compared.
    """
    upwards = claim.effect == "higher" or (claim.effect is None and claim.size >= 0)
    side = _side(evidence, decision)
    if not side:
        return _undecided(claim, evidence, decision)
    if (side > 0) != upwards:
        reason = f"{_basis(evidence, decision)}: the opposite holds"
        return _draft("not reproduced", evidence, reason, decision)
    if claim.value is None or not sized:
        later = "; sizes cannot be compared at another budget" if claim.value is not None else ""
        reason = f"{_basis(evidence, decision)}, as claimed{later}"
        return _draft("reproduced", evidence, reason, decision)
    return _judge_size(claim, evidence, decision)


def judge_none(claim: Claim, evidence: Evidence, decision: Decision | None) -> DraftVerdict:
    """Ask whether the effect is within the margin (equivalence), or decided to be outside of it."""
    margin = margin_of(claim, evidence)
    if margin is None:
        reason = (
            f"no margin is stated within which an effect on {evidence.metric.label} counts as none"
        )
        return _draft("inconclusive", evidence, reason, decision)
    beyond = amount(margin, evidence.metric)
    if evidence.exact:
        word: Word = "reproduced" if abs(evidence.mean) < margin else "not reproduced"
        return _draft(word, evidence, _basis(evidence, decision))
    if _is_equivalent(evidence, margin):
        return _draft("reproduced", evidence, _ruled_out(evidence, margin), decision)
    if _side(evidence, decision) and all(
        _outside(interval, margin) for interval in _intervals(evidence, decision)
    ):
        reason = f"{_basis(evidence, decision)}, beyond what counts as none ({beyond})"
        return _draft("not reproduced", evidence, reason, decision)
    reason = f"{_basis(evidence, decision)}: effects beyond {beyond} cannot be ruled out"
    untested = _untested(evidence)
    return _draft("inconclusive", evidence, untested or reason, decision)


def margin_of(claim: Claim, evidence: Evidence) -> float | None:
    """Return what counts as no effect: as claimed, else the metric's margin, or half of a count.

    For a published effect that is smaller than this margin it is its size.
    """
    if claim.margin is not None:
        return claim.margin
    # Counts are whole numbers: less than half of one is none.
    if evidence.exact:
        return 0.5
    margin = evidence.metric.margin
    return margin and (min(margin, abs(claim.size)) or margin)


def _side(evidence: Evidence, decision: Decision | None) -> int:
    """Return the decided direction, 1 or -1; 0 if seeds or test images leave it open."""
    if not evidence.exact and not (decision and decision.decided):
        return 0
    images = None if evidence.exact else evidence.image_interval()
    low, high = images or (evidence.mean, evidence.mean)
    if evidence.mean > 0 and low > 0:
        return 1
    return -1 if evidence.mean < 0 and high < 0 else 0


def _undecided(claim: Claim, evidence: Evidence, decision: Decision | None) -> DraftVerdict:
    if evidence.exact:
        return _draft("not reproduced", evidence, _basis(evidence, decision))
    untested = _untested(evidence)
    if untested:
        return _draft("inconclusive", evidence, untested, decision)
    margin = margin_of(claim, evidence)
    if margin and _is_equivalent(evidence, margin):
        return _draft("negligible", evidence, _ruled_out(evidence, margin), decision)
    if decision and decision.decided:
        over = bounds(evidence.image_interval() or (nan, nan), evidence.metric)
        reason = f"{_basis(evidence, decision)}, but that over test images {over} includes it"
    else:
        reason = f"{_basis(evidence, decision)}: not decided"
    return _draft("inconclusive", evidence, reason, decision)


def _untested(evidence: Evidence) -> str:
    """Return why the seeds allow no test; empty if they do."""
    if evidence.is_constant:
        return f"{evidence.seeds} gave the same difference, which leaves its spread unknown"
    if is_testable(evidence.values):
        return ""
    shown = listed(signed(value, evidence.metric) for value in evidence.values)
    return f"{evidence.seeds} ({shown}) are too few for a test"


def _judge_size(claim: Claim, evidence: Evidence, decision: Decision | None) -> DraftVerdict:
    """Compare the published size, of runs that were not paired, with two further runs."""
    basis, metric = _basis(evidence, decision), evidence.metric
    if evidence.exact:
        agrees = abs(evidence.mean - claim.size) <= claim.rounding
        word: Word = "reproduced" if agrees else "direction only"
        return _draft(word, evidence, f"{basis}, as claimed")
    half = evidence.one_run() + claim.rounding
    gap = abs(evidence.mean - claim.size)
    inside = gap <= half + TIE
    wide = is_too_wide(claim, evidence)
    reason = (
        f"{basis}, as claimed, and {amount(gap, metric)} from the published size, "
        f"{'within' if inside else 'beyond'} the {amount(half, metric)} that a difference between "
        f"further runs may differ{', too many to compare sizes' if inside and wide else ''}"
    )
    ends = rounded((evidence.mean - half, evidence.mean + half), metric, outward=inside)
    word = "reproduced" if inside and not wide else "direction only"
    return replace(_draft(word, evidence, reason), interval=bounds(ends, metric))


def _is_equivalent(evidence: Evidence, margin: float) -> bool:
    """Return whether two one-sided tests put the effect within the margin."""
    images = evidence.image_interval(1 - 2 * evidence.error)
    inside = images is None or max(map(abs, images)) < margin
    p = equivalence_p(evidence.values, margin) if is_testable(evidence.values) else 1.0
    return inside and p <= evidence.error


def _ruled_out(evidence: Evidence, margin: float) -> str:
    p = p_value(equivalence_p(evidence.values, margin))
    beyond = amount(margin, evidence.metric)
    # Two one-sided tests at 5 % correspond to an interval of 90 %.
    confidence = 1 - 2 * evidence.error
    interval = bounds(evidence.interval(confidence), evidence.metric)
    within = f"{100 * confidence:.3g} % interval {interval}"
    return (
        f"two one-sided t tests rule out effects beyond {beyond} ({within}), {p}, {evidence.seeds}"
    )


def _outside(interval: Interval, margin: float) -> bool:
    low, high = interval
    return low > margin or high < -margin


def _intervals(evidence: Evidence, decision: Decision | None) -> list[Interval]:
    seeds = (decision.low, decision.high) if decision else (-inf, inf)
    images = evidence.image_interval()
    return [seeds, *([images] if images else [])]


def _basis(evidence: Evidence, decision: Decision | None) -> str:
    """Return what the test decides, and where the interval of the family is, relative to zero."""
    if evidence.exact:
        differ = f"the counts differ by {amount(abs(evidence.mean), evidence.metric)}"
        return differ if evidence.mean else "the counts agree"
    if decision is None:
        return f"{evidence.seeds} were not tested"
    interval = bounds((decision.low, decision.high), evidence.metric)
    adjusted = f"adjusted {p_value(decision.p_adjusted)}"
    side = "above" if evidence.mean > 0 else "below"
    if decision.clipped and decision.decided:
        return (
            f"the test of {evidence.seeds} decides for {side} zero, {adjusted} (the simultaneous "
            f"interval {interval} touches zero)"
        )
    where = f"lies {side} zero" if decision.decided else "includes zero"
    ended = " (ended at zero by the decision)" if decision.clipped else ""
    return f"the interval {interval}{ended} of {evidence.seeds} {where}, {adjusted}"


def _draft(
    word: Word, evidence: Evidence, reason: str, decision: Decision | None = None
) -> DraftVerdict:
    interval = bounds((decision.low, decision.high), evidence.metric) if decision else ""
    return DraftVerdict(word, reason, signed(evidence.mean, evidence.metric), interval)
