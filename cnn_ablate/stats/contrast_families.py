"""The contrasts of a study as families that are tested together, and their differences by seed."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Literal

import numpy as np
import pandas as pd

from cnn_ablate.schema import Contrast, Finding, Plan, Study
from cnn_ablate.stats.pairing import FloatArray, differences, values_by_seed

Family = Literal["primary", "exploratory", ""]
"""The family of a contrast; '' if it is in none, because its two sides are the same training."""

MARGIN = 1.0
"""Points within which two accuracies count as equal, unless something else is stated."""


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


def seed_differences(
    trials: pd.DataFrame,
    contrasts: Sequence[Contrast],
    seeds: Sequence[int],
    metric: str = "test_accuracy",
) -> list[FloatArray]:
    """Return per contrast its differences by seed (seeds,), NaN where a side has no value.

    Args:
        trials: Rows of results.csv.
        contrasts: Those of a plan.
        seeds: Of the study, in their order.
        metric: A column of `trials`; fractions become points.
    """
    return [_by_seed(trials, contrast, seeds, metric) for contrast in contrasts]


def is_identical(row: FloatArray) -> bool:
    """Return whether a contrast has pairs, all of which have the same value on both sides."""
    present = row[~np.isnan(row)]
    return len(present) > 0 and not present.any()


def _by_seed(
    trials: pd.DataFrame, contrast: Contrast, seeds: Sequence[int], metric: str
) -> FloatArray:
    weights = {contrast.variant: 1.0, contrast.reference: -1.0}
    values = values_by_seed(trials, list(weights), metric)
    row = pd.Series(differences(values, weights), index=values.index, dtype=float)
    return row.reindex(list(seeds)).to_numpy(float)


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
