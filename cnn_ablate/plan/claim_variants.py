"""Which variants of a plan a claim compares, for the audit and for the verdicts alike."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import product
from typing import Any

from cnn_ablate.schema import Claim, Plan, Variant, label

Weights = Mapping[str, float]
"""Names of variants with their weights: 1 and -1 for one against another."""

Pair = tuple[str, str]
"""The names of a variant and of its reference."""


class NotInPlanError(Exception):
    """The plan has no variants that differ as a claim says; the message names what is missing."""


def claim_weights(plan: Plan, claim: Claim) -> Weights:
    """Return the weights with which a claim combines the variants of a plan.

    Raises:
        NotInPlanError: there are no such variants.
    """
    if not claim.compares:
        return {claimed_variant(plan, claim): 1.0}
    here = _mean_effect(claimed_pairs(plan, claim))
    if not claim.than_at:
        return here
    there = _mean_effect(_factor_pairs(plan, claim, claim.than_at))
    return {name: here.get(name, 0) - there.get(name, 0) for name in {**here, **there}}


def claimed_variant(plan: Plan, claim: Claim) -> str:
    """Return the name of the variant that a claim is about, by default the first of the plan.

    Raises:
        NotInPlanError: there is no such variant.
    """
    return _known(plan, claim.variant or plan.variants[0].name)


def claimed_pairs(plan: Plan, claim: Claim) -> tuple[Pair, ...]:
    """Return the pairs of variants whose differences, averaged, are the effect of a claim.

    There are several only if the claim names a factor, and if no variant of any pair is at the
    baseline's levels of the other factors. The pairs are those at the levels `at`, also of a claim
    that an effect is stronger there than elsewhere.

    Raises:
        NotInPlanError: there are no such variants.
    """
    if claim.factor:
        return _factor_pairs(plan, claim, claim.at)
    return ((claimed_variant(plan, claim), _known(plan, claim.reference or "")),)


def _known(plan: Plan, name: str) -> str:
    """Return the name under which a variant is in the plan: equal variants are planned once."""
    name = plan.same.get(name, name)
    if name not in {variant.name for variant in plan.variants}:
        raise NotInPlanError(f"there is no variant '{name}'")
    return name


def _mean_effect(pairs: tuple[Pair, ...]) -> dict[str, float]:
    weights: defaultdict[str, float] = defaultdict(float)
    for variant, reference in pairs:
        weights[variant] += 1 / len(pairs)
        weights[reference] -= 1 / len(pairs)
    return weights


def _factor_pairs(plan: Plan, claim: Claim, at: Mapping[str, Any]) -> tuple[Pair, ...]:
    """Find the pairs that differ in the claim's factor alone, and are at some levels of others.

    It is one pair if any is at the baseline's levels of all factors that are not named.
    """
    levels = {name: label(level) for name, level in at.items()}
    pairs = [
        pair for pair in _candidates(plan, claim) if all(_is_at(side, levels) for side in pair)
    ]
    if not pairs:
        where = "".join(f" at {name} = {level}" for name, level in levels.items())
        contrast = f"{claim.to_level} against {claim.from_level}"
        raise NotInPlanError(f"no variants differ in {claim.factor} alone ({contrast}){where}")
    # A claim about a factor is about the study as its baseline has it, if that was trained.
    home = {**_other_levels(plan.variants[0], claim), **levels}
    near = [pair for pair in pairs if any(_other_levels(side, claim) == home for side in pair)]
    return tuple((variant.name, reference.name) for variant, reference in near[:1] or pairs)


def _candidates(plan: Plan, claim: Claim) -> list[tuple[Variant, Variant]]:
    """List variants at the claim's two levels that are contrasts, or are otherwise at one place."""
    factor, contrasts = claim.factor or "", plan.contrasts
    contrasted = [{c.variant, c.reference} for c in contrasts if c.factors == (factor,)]
    # Entries of a `list` may differ in keys that are no factor of the study.
    listed = {c.variant for c in contrasts if c.design == "list"}

    def differ_alone(variant: Variant, reference: Variant) -> bool:
        names = {variant.name, reference.name}
        same = _other_levels(variant, claim) == _other_levels(reference, claim)
        return names in contrasted or (same and not names & listed)

    variants, references = (
        [variant for variant in plan.variants if variant.levels.get(factor, "") == level]
        for level in (claim.to_level, claim.from_level)
    )
    return [pair for pair in product(variants, references) if differ_alone(*pair)]


def _other_levels(variant: Variant, claim: Claim) -> dict[str, str]:
    return {name: level for name, level in variant.levels.items() if name != claim.factor}


def _is_at(variant: Variant, levels: Mapping[str, str]) -> bool:
    return all(variant.levels.get(name) == level for name, level in levels.items())
