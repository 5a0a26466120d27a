"""Which variants make up a crossing of factors, all else being equal."""

from collections.abc import Sequence

from cnn_ablate.schema import Factor, Variant

Cells = dict[tuple[str, ...], str]
"""Labels of the levels of some factors, in their order: the name of the variant there."""


def cells(factors: Sequence[Factor], variants: Sequence[Variant]) -> Cells:
    """Find the variants that differ in these factors alone.

    Where the study crosses them at several settings of its other factors, those settings are taken
    at which most of the crossing was made, and the earlier of two equals.
    """
    groups: dict[tuple[tuple[str, str], ...], Cells] = {}
    for variant in variants:
        at = tuple(variant.levels.get(factor.name, "") for factor in factors)
        if all(level in labels(factor) for level, factor in zip(at, factors, strict=True)):
            names = {factor.name for factor in factors}
            others = tuple(item for item in variant.levels.items() if item[0] not in names)
            groups.setdefault(others, {}).setdefault(at, variant.name)
    return max(groups.values(), key=len, default={})


def labels(factor: Factor) -> list[str]:
    """List the labels of a factor's levels, in their order."""
    return [level.label for level in factor.levels]
