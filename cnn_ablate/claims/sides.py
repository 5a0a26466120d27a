"""Which variants a claim weighs against each other."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from cnn_ablate.schema import Claim, Record, Variant, label

Weights = Mapping[str, float]
"""Variants by name, and how much each counts: 1 and -1 for one against another."""

Pair = tuple[Variant, Variant]


def weights(record: Record, claim: Claim) -> Weights:
    """Find the variants that a claim speaks of.

    Raises:
        LookupError: the study has none that differ as the claim says.
    """
    if claim.factor:
        here = _effect(record, claim, claim.at)
        if not claim.than_at:
            return here
        there = _effect(record, claim, claim.than_at)
        return {name: here.get(name, 0) - there.get(name, 0) for name in {**here, **there}}
    names = record.plan.same
    variant = claim.variant or "baseline"
    found = Counter({names.get(variant, variant): 1.0})
    if claim.reference:
        found[names.get(claim.reference, claim.reference)] -= 1.0
    unknown = set(found) - {known.name for known in record.plan.variants}
    if unknown:
        raise LookupError(f"there is no variant '{min(unknown)}'")
    return found


def _effect(record: Record, claim: Claim, at: Mapping[str, Any]) -> dict[str, float]:
    """Weigh the pairs of variants that differ in the factor alone.

    The pair whose other levels are those of the baseline, or else all pairs, equally.
    """
    held = {name: label(level) for name, level in at.items()}
    pairs = [pair for pair in _pairs(record, claim) if _fits(pair, held)]
    if not pairs:
        where = "".join(f" at {name} = {level}" for name, level in held.items())
        levels = f"{claim.from_level} and {claim.to_level}"
        raise LookupError(f"no two variants differ in {claim.factor} alone ({levels}){where}")
    home = {**record.plan.variants[0].levels, **held}
    near = [pair for pair in pairs if _others(pair[0], claim) == _others_of(home, claim)]
    chosen = near[:1] or pairs
    found: Counter[str] = Counter()
    for variant, reference in chosen:
        found[variant.name] += 1 / len(chosen)
        found[reference.name] -= 1 / len(chosen)
    return dict(found)
