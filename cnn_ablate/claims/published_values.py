"""Verdicts on published numbers: could one further run here have given them?"""

from cnn_ablate.claims.descriptions import published
from cnn_ablate.claims.draft_verdict import DraftVerdict
from cnn_ablate.claims.evidence import Evidence
from cnn_ablate.schema import Claim, Metric, Word
from cnn_ablate.stats import amount, level, level_bounds, rounded
from cnn_ablate.text import plain_number

# Half a printed digit is a tie on paper, but not always between floats.
TIE = 1e-9
# Points beyond which a tolerance is too wide for a number inside it to count as reproduced.
_WIDEST = 2.5
# The same for a number that is no fraction, as a share of it.
_WIDEST_SHARE = 0.1


def judge_level(claim: Claim, evidence: Evidence) -> DraftVerdict:
    """Ask whether a published number is inside the prediction interval of one further run.

    A number inside of a wide interval is not reproduced by it, since any other would be as well.
    """
    if evidence.exact:
        return _counted(claim, evidence)
    measured = level(evidence.mean, evidence.metric)
    if evidence.is_constant:
        return DraftVerdict("inconclusive", same_in_all_seeds(evidence), measured)
    half = evidence.one_run() + _slack(claim, evidence.metric)
    low, high = (end * evidence.metric.scale for end in claim.bounds)
    inside = max(abs(low - evidence.mean), abs(high - evidence.mean)) <= half + TIE
    ends = rounded((evidence.mean - half, evidence.mean + half), evidence.metric, outward=inside)
    wide = is_too_wide(claim, evidence)
    word: Word = "not reproduced" if not inside else "inconclusive" if wide else "reproduced"
    reason = _too_wide(evidence) if inside and wide else _reason(claim, evidence, half)
    return DraftVerdict(word, reason, measured, level_bounds(ends, evidence.metric))


def judge_limit(claim: Claim, evidence: Evidence) -> DraftVerdict:
    """Ask whether the confidence interval of the mean is on one side of a published limit."""
    limit = claim.bounds[0] * evidence.metric.scale
    measured = level(evidence.mean, evidence.metric)
    room = evidence.mean - limit if claim.effect == "higher" else limit - evidence.mean
    side = "inside" if room >= 0 else "beyond"
    reason = f"it lies {amount(abs(room), evidence.metric)} {side} the limit"
    if evidence.exact:
        return DraftVerdict("reproduced" if room >= 0 else "not reproduced", reason, measured)
    if evidence.is_constant:
        return DraftVerdict("inconclusive", same_in_all_seeds(evidence), measured)
    low, high = evidence.interval()
    # A limit is not rounded as a number is: at most 4 does not allow 4.4.
    half = (high - low) / 2
    word: Word = "inconclusive"
    if room >= half or -room > half:
        word = "reproduced" if room >= half else "not reproduced"
    reason = f"{reason}, give or take {amount(half, evidence.metric)}"
    return DraftVerdict(word, reason, measured, level_bounds((low, high), evidence.metric))


def _slack(claim: Claim, metric: Metric) -> float:
    """Return how far a printed number may be from what it stands for, in points for fractions.

    Half of its last digit, or the width of the range: then the whole range is inside an interval
    that is wider by it, if any of the range is inside of the interval without it.
    """
    low, high = claim.bounds
    return (claim.rounding + high - low) * metric.scale


def is_too_wide(claim: Claim, evidence: Evidence) -> bool:
    """Return whether one further run is so uncertain that no number can be called reproduced."""
    if evidence.metric.is_fraction:
        return evidence.one_run() > max(_WIDEST, claim.margin or 0.0)
    share = _WIDEST_SHARE * max(map(abs, claim.bounds))
    return evidence.one_run() > (claim.margin or share)


def same_in_all_seeds(evidence: Evidence) -> str:
    """Return why equal numbers give no verdict."""
    return f"{evidence.seeds} gave the same number, which leaves their spread unknown"


def _too_wide(evidence: Evidence) -> str:
    spread = float(evidence.values.max() - evidence.values.min())
    half = amount(evidence.one_run(), evidence.metric)
    return (
        f"seeds differ by {amount(spread, evidence.metric)}: one further run may be {half} from "
        "the mean, too far to call a number inside that range reproduced"
    )


def _counted(claim: Claim, evidence: Evidence) -> DraftVerdict:
    low, high = claim.printed_interval
    counted = evidence.mean
    nearest = min(max(counted, claim.bounds[0]), claim.bounds[1])
    agrees = low <= counted <= high
    more = f", {plain_number(abs(counted - nearest))} {'more' if counted > nearest else 'fewer'}"
    ending = ", as published" if agrees else f"{more} than published"
    reason = f"{plain_number(counted)} were counted{ending}"
    word: Word = "reproduced" if agrees else "not reproduced"
    return DraftVerdict(word, reason, level(counted, evidence.metric))


def _reason(claim: Claim, evidence: Evidence, half: float) -> str:
    metric = evidence.metric
    low, high = (end * metric.scale for end in claim.bounds)
    if low < high and low <= evidence.mean <= high:
        return f"{published(claim, metric)} includes the mean of {evidence.seeds}"
    gap = min(abs(low - evidence.mean), abs(high - evidence.mean))
    # The width of a range is room for its far end, and its near end is what is compared.
    allowed = half - (high - low)
    side = "within" if gap <= allowed + TIE else "beyond"
    return (
        f"{published(claim, metric)} is {amount(gap, metric)} from the mean of {evidence.seeds}, "
        f"{side} the {amount(allowed, metric)} that one further run may differ "
        f"({_parts(claim, evidence)})"
    )


def _parts(claim: Claim, evidence: Evidence) -> str:
    """Return what a tolerance consists of: `seeds 0.49 points, rounding 0.50 points`."""
    images = f"{evidence.image_count:,} " if evidence.image_count else ""
    parts = {
        "seeds": evidence.seed_noise(),
        "rounding": claim.rounding * evidence.metric.scale,
        f"{images}other test images": evidence.other_image_noise(),
    }
    texts = (f"{name} {amount(part, evidence.metric)}" for name, part in parts.items() if part)
    return ", ".join(texts)
