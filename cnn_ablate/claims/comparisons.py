"""The decision on each claimed direction: that of its contrast, or of a family of all such claims.

A study that checks many claims would find some of them by chance. So no claim is decided alone: a
claim about a contrast of the study takes the decision of that contrast, and all others, on other
metrics or on averages of several contrasts, are tested together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

import pandas as pd

from cnn_ablate.claims.evidence import Evidence
from cnn_ablate.claims.metrics import OUTCOMES
from cnn_ablate.plan import Weights
from cnn_ablate.schema import Claim, Effect, Metric
from cnn_ablate.stats import FISHER, Decision, Interval, decide_family


@dataclass(frozen=True)
class Contrast:
    """The effect of the study's contrast that a claim is about; `sign` -1 if of its opposite.

    `is_about_failures` says that the claim is about how often both sides fail.
    """

    effect: Effect
    sign: float = 1.0
    is_about_failures: bool = False

    @property
    def decision(self) -> Decision | None:
        """The decision of its family; None if it is not tested."""
        effect = self.effect
        if self.is_about_failures:
            return _of_failures(effect)
        ends = self._turned(effect.low_family, effect.high_family)
        if ends is None or effect.p_adjusted is None:
            return None
        return Decision(effect.p_adjusted, *ends, effect.decided, effect.method, effect.is_clipped)

    @property
    def image_interval(self) -> Interval | None:
        """The 95 % interval over test images; None if it is unknown."""
        return self._turned(self.effect.images_low, self.effect.images_high)

    def _turned(self, low: float | None, high: float | None) -> Interval | None:
        if low is None or high is None:
            return None
        return (low, high) if self.sign > 0 else (-high, -low)


@dataclass(frozen=True)
class Comparison:
    """A claim that compares variants, with its measurements, and the contrast that it is about."""

    claim: Claim
    weights: Weights
    evidence: Evidence
    contrast: Contrast | None

    @property
    def key(self) -> tuple[object, ...]:
        """What it measures: claims that agree in it are one test."""
        return self.evidence.metric.name, self.claim.of_class, frozenset(self.weights.items())


def decisions(comparisons: Sequence[Comparison]) -> dict[str, Decision | None]:
    """Return the decision on each comparison by the id of its claim; None if it is not tested.

    Args:
        comparisons: All of a study: those that are no contrasts of it are one family.
    """
    own = _own_family([c for c in comparisons if c.contrast is None])
    return {
        c.claim.id: own[c.key] if c.contrast is None else c.contrast.decision for c in comparisons
    }


def find_contrast(
    claim: Claim, weights: Weights, metric: Metric, effects: Sequence[Effect]
) -> Contrast | None:
    """Return the contrast of the study that a claim is about, or None if it is about none."""
    if claim.of_class is not None:
        return None
    is_about_failures = metric.name in OUTCOMES
    for effect in effects:
        for sign in (1.0, -1.0):
            sides = {effect.variant: sign, effect.reference: -sign}
            is_measured = is_about_failures or effect.metric.name == metric.name
            if is_measured and dict(weights) == sides:
                return Contrast(effect, sign, is_about_failures)
    return None


def _of_failures(effect: Effect) -> Decision | None:
    """Return the decision by Fisher's test; None where too few trials failed for it."""
    if effect.method != FISHER or effect.p_adjusted is None:
        return None
    return Decision(effect.p_adjusted, nan, nan, effect.decided, FISHER)


def _own_family(comparisons: Sequence[Comparison]) -> Mapping[object, Decision | None]:
    """Decide the comparisons that are no contrasts of the study, together."""
    found = {c.key: c.evidence for c in comparisons}
    by_seed = [evidence.by_seed for evidence in found.values()]
    table = pd.concat(by_seed, axis=1) if by_seed else pd.DataFrame()
    rows = [table.iloc[:, i].to_numpy(float) for i in range(table.shape[1])]
    failures = [evidence.failures for evidence in found.values()]
    return dict(zip(found, decide_family(rows, failures), strict=True))
