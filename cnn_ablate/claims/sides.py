"""Which variants a claim weighs against each other."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import product
from typing import Any

from cnn_ablate.claims.judgement import NoAnswerError
from cnn_ablate.schema import Claim, Record, Variant, label

Weights = Mapping[str, float]
"""Variants by name, and how much each counts: 1 and -1 for one against another."""

Pair = tuple[Variant, Variant]


def weights(record: Record, claim: Claim) -> Weights:
    """Find the variants that a claim speaks of.

    Raises:
        NoAnswerError: the study has none that differ as the claim says, or what is set for all
            variants leaves no difference.
    """
    if claim.factor:
        here = _effect(record, claim, claim.at)
        if not claim.than_at:
            return here
        there = _effect(record, claim, claim.than_at)
        return {name: here.get(name, 0) - there.get(name, 0) for name in {**here, **there}}
    same = record.plan.same
    variant = claim.variant or record.plan.variants[0].name
    found = {same.get(variant, variant): 1.0}
    if claim.reference:
        reference = same.get(claim.reference, claim.reference)
        found[reference] = found.get(reference, 0.0) - 1.0
    for name in set(found) - {known.name for known in record.plan.variants}:
        raise NoAnswerError(f"there is no variant '{name}'")
    if record.study.forced and not any(found.values()):
        raise NoAnswerError(f"{variant} and {claim.reference} are the same in this run")
    return found


def _effect(record: Record, claim: Claim, at: Mapping[str, Any]) -> dict[str, float]:
    """Weigh the pair of variants that differ in the factor alone.

    Of several such pairs the one at the baseline's other levels, or else all of them, equally.
    """
    held = {name: label(level) for name, level in at.items()}
    pairs = [pair for pair in _pairs(record, claim) if all(_sits(side, held) for side in pair)]
    if not pairs:
        where = "".join(f" at {name} = {level}" for name, level in held.items())
        levels = f"{claim.to_level} against {claim.from_level}"
        raise NoAnswerError(f"no variants differ in {claim.factor} alone ({levels}){where}")
    home = {**_others(record.plan.variants[0], claim), **held}
    near = [pair for pair in pairs if any(_others(side, claim) == home for side in pair)]
    chosen = near[:1] or pairs
    found: defaultdict[str, float] = defaultdict(float)
    for variant, reference in chosen:
        found[variant.name] += 1 / len(chosen)
        found[reference.name] -= 1 / len(chosen)
    return found


def _pairs(record: Record, claim: Claim) -> list[Pair]:
    """List variants at the claim's levels of its factor that are contrasts, or else alike."""
    factor, contrasts = claim.factor or "", record.plan.contrasts
    contrasted = [{c.variant, c.reference} for c in contrasts if c.factors == (factor,)]
    # Entries of a list may differ in keys that are no factor of the study.
    listed = {c.variant for c in contrasts if c.design == "list"}

    def differ_alone(one: Variant, other: Variant) -> bool:
        names = {one.name, other.name}
        alike = _others(one, claim) == _others(other, claim)
        return names in contrasted or (alike and not names & listed)

    there, here = (
        [variant for variant in record.plan.variants if variant.levels.get(factor, "") == level]
        for level in (claim.to_level, claim.from_level)
    )
    return [pair for pair in product(there, here) if differ_alone(*pair)]


def _others(variant: Variant, claim: Claim) -> dict[str, str]:
    return {name: level for name, level in variant.levels.items() if name != claim.factor}


def _sits(variant: Variant, held: Mapping[str, str]) -> bool:
    return all(variant.levels.get(name) == level for name, level in held.items())
