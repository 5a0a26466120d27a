"""Verdicts on published numbers: could one further run here have given them?"""

from math import hypot

from cnn_ablate.claims.descriptions import published
from cnn_ablate.claims.draft_verdict import DraftVerdict
from cnn_ablate.claims.evidence import Evidence
from cnn_ablate.schema import Claim, Word
from cnn_ablate.stats import amount, level, level_bounds, scale
from cnn_ablate.text import plain_number

# Half a printed digit is a tie on paper, but not always between floats.
_TIE = 1e-9


def judge_level(claim: Claim, evidence: Evidence) -> DraftVerdict:
    """Compare a published number, or the range of a truncated one, with the mean over seeds.

    It is reproduced within the tolerance that more and more seeds of the same spread would leave,
    and not reproduced outside of what these few leave; in between only more seeds can decide.
    """
    gap, rounding = _gap(claim, evidence), claim.rounding * scale(evidence.metric)
    far = evidence.tolerance(rounding)
    if abs(gap) <= evidence.tolerance(rounding, known_spread=True) + _TIE:
        reason = _reason(claim, evidence, gap, known_spread=True)
        return _draft("reproduced", evidence, reason)
    if abs(gap) > far:
        return _draft("not reproduced", evidence, _reason(claim, evidence, gap))
    reason = (
        f"{published(claim)} is {amount(abs(gap), evidence.metric)} from the mean, within the "
        f"{amount(far, evidence.metric)} that {evidence.seeds} leave open, but more seeds of the "
        "same spread would rule it out"
    )
    return _draft("undetermined", evidence, reason)


def judge_limit(claim: Claim, evidence: Evidence) -> DraftVerdict:
    """Ask whether the mean keeps a published limit, with the noise of seeds and of test images."""
    limit = claim.bounds[0] * scale(evidence.metric)
    low, high = evidence.interval()
    # A limit is not rounded as a number is: at most 4 does not allow 4.4.
    half = hypot((high - low) / 2, evidence.test_noise())
    room = evidence.mean - limit if claim.effect == "higher" else limit - evidence.mean
    word: Word = "undetermined"
    if room >= half or -room > half:
        word = "reproduced" if room >= half else "not reproduced"
    noise = "" if evidence.exact else f", give or take {amount(half, evidence.metric)}"
    side = "inside" if room >= 0 else "beyond"
    reason = f"it lies {amount(abs(room), evidence.metric)} {side} the limit{noise}"
    return _draft(word, evidence, reason)


def _gap(claim: Claim, evidence: Evidence) -> float:
    """Return the mean minus the number, or minus the nearest end of a range; 0 inside the range."""
    low, high = (end * scale(evidence.metric) for end in claim.bounds)
    return evidence.mean - min(max(evidence.mean, low), high)


def _reason(claim: Claim, evidence: Evidence, gap: float, *, known_spread: bool = False) -> str:
    metric, rounding = evidence.metric, claim.rounding * scale(evidence.metric)
    if evidence.exact:
        more = f", {plain_number(abs(gap))} {'more' if gap > 0 else 'fewer'} than published"
        agrees = abs(gap) <= rounding
        return f"{plain_number(evidence.mean)} were counted{', as published' if agrees else more}"
    if claim.bounds[0] != claim.bounds[1] and not gap:
        return f"{published(claim)} includes the mean of {evidence.seeds}"
    parts = {"seeds": evidence.seed_noise(known_spread=known_spread)}
    if rounding:
        parts["rounding"] = rounding
    if evidence.image_count:
        parts[f"{evidence.image_count:,} test images"] = evidence.test_noise()
    side = "within" if known_spread else "beyond"
    far = evidence.tolerance(rounding, known_spread=known_spread)
    return (
        f"{published(claim)} is {amount(abs(gap), metric)} from the mean of {evidence.seeds}, "
        f"{side} the {amount(far, metric)} that noise allows "
        f"({', '.join(f'{name} {amount(part, metric)}' for name, part in parts.items())})"
    )


def _draft(word: Word, evidence: Evidence, reason: str) -> DraftVerdict:
    interval = "" if evidence.exact else level_bounds(evidence.interval(), evidence.metric)
    return DraftVerdict(word, reason, level(evidence.mean, evidence.metric), interval)
