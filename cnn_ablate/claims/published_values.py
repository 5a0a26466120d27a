"""Judges of published numbers: could one further run here have given them?"""

from math import hypot

from cnn_ablate.claims.evidence import Evidence
from cnn_ablate.claims.judgement import Judgement
from cnn_ablate.claims.wording import level, levels, published, rounding
from cnn_ablate.schema import Claim, Word
from cnn_ablate.stats import amount, plain, scale


def judge_level(claim: Claim, evidence: Evidence) -> Judgement:
    """Compare a published level with the mean over seeds.

    It is reproduced within the tolerance that endless seeds of the same spread would leave, and not
    reproduced outside of what these few leave; between the two only more seeds can tell.
    """
    unit = scale(evidence.metric)
    gap, slack = evidence.mean - (claim.value or 0.0) * unit, rounding(claim) * unit
    far = evidence.tolerance(slack)
    # Halves of a printed digit are equal on paper, but not always as floats.
    if abs(gap) <= evidence.tolerance(slack, known_spread=True) + 1e-9:
        reason = _reason(claim, evidence, gap, slack, known_spread=True)
        return _judgement("reproduced", evidence, reason)
    if abs(gap) > far:
        return _judgement("not reproduced", evidence, _reason(claim, evidence, gap, slack))
    reason = (
        f"{published(claim)} is {amount(abs(gap), evidence.metric)} from the mean, within the "
        f"{amount(far, evidence.metric)} that {evidence.seeds} leave open, but more seeds of the "
        "same spread would rule it out"
    )
    return _judgement("undetermined", evidence, reason)


def judge_limit(claim: Claim, evidence: Evidence) -> Judgement:
    """Ask whether the mean keeps a published limit, with the noise of seeds and of test images."""
    limit = (claim.value or 0.0) * scale(evidence.metric)
    low, high = evidence.interval()
    half = hypot((high - low) / 2, evidence.test_noise())
    room = evidence.mean - limit if claim.effect == "higher" else limit - evidence.mean
    word: Word = "undetermined"
    if room >= half or -room > half:
        word = "reproduced" if room >= half else "not reproduced"
    noise = "" if evidence.exact else f", give or take {amount(half, evidence.metric)}"
    side = "inside" if room >= 0 else "beyond"
    reason = f"it lies {amount(abs(room), evidence.metric)} {side} the limit{noise}"
    return _judgement(word, evidence, reason)


def _reason(
    claim: Claim, evidence: Evidence, gap: float, slack: float, *, known_spread: bool = False
) -> str:
    metric, far = evidence.metric, evidence.tolerance(slack, known_spread=known_spread)
    if evidence.exact:
        more = f", {plain(abs(gap))} {'more' if gap > 0 else 'fewer'} than published"
        return (
            f"{plain(evidence.mean)} were counted{more if abs(gap) > slack else ', as published'}"
        )
    parts = {"seeds": evidence.seed_noise(known_spread=known_spread), "rounding": slack}
    if evidence.tested:
        parts[f"{evidence.tested:,} test images"] = evidence.test_noise()
    side = "within" if known_spread else "beyond"
    return (
        f"{published(claim)} is {amount(abs(gap), metric)} from the mean of {evidence.seeds}, "
        f"{side} the {amount(far, metric)} that noise allows "
        f"({', '.join(f'{name} {amount(part, metric)}' for name, part in parts.items())})"
    )


def _judgement(word: Word, evidence: Evidence, reason: str) -> Judgement:
    interval = "" if evidence.exact else levels(evidence.interval(), evidence.metric)
    return Judgement(word, reason, level(evidence.mean, evidence.metric), interval)
