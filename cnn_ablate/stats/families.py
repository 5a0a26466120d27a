"""The families in which the contrasts of a study are tested: primary, exploratory or none."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Literal

from cnn_ablate.schema import Contrast, Finding, Plan, Study
from cnn_ablate.stats.failure_rates import Failures
from cnn_ablate.stats.pairing import FloatArray, is_identical

Family = Literal["primary", "exploratory", ""]
"""The family of a contrast; '' if it is in none, because its two sides are the same training."""


def families(study: Study, plan: Plan, findings: Sequence[Finding] = ()) -> list[Family]:
    """Return the family of each contrast of a plan.

    Primary are those that the study lists under `primary`, by the name or a pattern of the
    variant, or else those with all its seeds; the others are exploratory.

    Args:
        study: Has the seeds and perhaps the list.
        plan: Its contrasts.
        findings: Of the audit, which names the factors that change nothing.
    """
    inert = [f.data for f in findings if f.kind == "inert-factor" and f.severity == "error"]
    levels = {variant.name: variant.levels for variant in plan.variants}
    return [
        ""
        if any(_is_inert(contrast, levels, data) for data in inert)
        else _listed(contrast, study, seeds)
        for contrast, seeds in zip(plan.contrasts, plan.paired_seeds, strict=True)
    ]


def tested_members(
    names: Sequence[Family], rows: Sequence[FloatArray], failures: Sequence[Failures]
) -> Mapping[Family, list[int]]:
    """Return the contrasts of each family that can be tested, by their positions in the plan.

    Those whose sides are bit-identical in all pairs, without any failure, are left out.

    Args:
        names: The family of each contrast.
        rows: Per contrast its differences by seed, NaN where a side has no value.
        failures: Per contrast, how many of its trials failed.
    """
    members: dict[Family, list[int]] = {}
    for j, (name, row, failed) in enumerate(zip(names, rows, failures, strict=True)):
        if name and (failed or not is_identical(row)):
            members.setdefault(name, []).append(j)
    return members


def _listed(contrast: Contrast, study: Study, seeds: int) -> Family:
    if study.primary:
        is_primary = any(_matches(contrast.variant, pattern) for pattern in study.primary)
    else:
        is_primary = seeds >= len(study.seeds)
    return "primary" if is_primary else "exploratory"


def _matches(variant: str, pattern: str) -> bool:
    return variant == pattern or fnmatchcase(variant, pattern)


def _is_inert(
    contrast: Contrast, levels: dict[str, dict[str, str]], data: dict[str, list[str]]
) -> bool:
    """Return whether a contrast only moves a factor between levels that the audit found equal."""
    sides = (levels[contrast.variant], levels[contrast.reference])
    return set(contrast.factors) == set(data["factors"]) and all(
        side.get(factor) in data["levels"] for side in sides for factor in data["factors"]
    )
