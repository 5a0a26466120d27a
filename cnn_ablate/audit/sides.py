"""Which two variants a claim weighs against each other."""

from collections.abc import Mapping

from cnn_ablate.schema import Claim, Plan, Variant, label


def compared(plan: Plan, claim: Claim) -> tuple[str, str] | None:
    """Give the names of the variant and its reference; None if the study has no such two."""
    if claim.reference:
        sides = spoken_of(plan, claim), plan.same.get(claim.reference, claim.reference)
        return sides if {variant.name for variant in plan.variants} >= set(sides) else None
    if not claim.factor:
        return None
    held = {name: label(level) for name, level in claim.at.items()}
    found = [
        _at(plan, {**held, claim.factor: at or ""}) for at in (claim.to_level, claim.from_level)
    ]
    return (found[0], found[1]) if found[0] and found[1] else None


def spoken_of(plan: Plan, claim: Claim) -> str:
    """Name the variant that a claim speaks of, which the study may not have."""
    name = claim.variant or plan.variants[0].name
    return plan.same.get(name, name)


def _at(plan: Plan, levels: Mapping[str, str]) -> str:
    """Find the variant at some levels that is at the baseline's in all other factors."""
    home = plan.variants[0].levels
    wanted = {**home, **levels}
    return next((v.name for v in plan.variants if _sits(v, wanted)), "")


def _sits(variant: Variant, wanted: Mapping[str, str]) -> bool:
    return all(variant.levels.get(name) == level for name, level in wanted.items())
