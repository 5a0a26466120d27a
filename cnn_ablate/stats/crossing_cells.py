"""Cells of a crossing: which variant is at each combination of levels of some factors."""

from collections.abc import Sequence

from cnn_ablate.schema import Factor, Variant

Cells = dict[tuple[str, ...], str]
"""Names of variants by the labels of their levels, in the order of the factors."""


def cells(factors: Sequence[Factor], variants: Sequence[Variant]) -> Cells:
    """Return the variants that differ in these factors alone.

    If the study crosses them at several settings of its other factors, the settings with most of
    the crossing are used, and the earlier of two with equally much.
    """
    groups: dict[tuple[tuple[str, str], ...], Cells] = {}
    for variant in variants:
        at = tuple(variant.levels.get(factor.name, "") for factor in factors)
        # Variants of a `list` may have values that are no level of the factor.
        if all(level in level_labels(factor) for level, factor in zip(at, factors, strict=True)):
            names = {factor.name for factor in factors}
            others = tuple(item for item in variant.levels.items() if item[0] not in names)
            groups.setdefault(others, {}).setdefault(at, variant.name)
    return max(groups.values(), key=len, default={})


def level_labels(factor: Factor) -> list[str]:
    """Return the labels of a factor's levels, in their order."""
    return [level.label for level in factor.levels]
