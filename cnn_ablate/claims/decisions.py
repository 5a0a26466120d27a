"""The decision on each claimed direction: that of its contrast, or of a family of all such claims.

A study that checks many claims would find some of them by chance. So no claim is decided alone: a
claim about a contrast of the study takes the decision of that contrast, and all others, on other
metrics or on averages of several contrasts, are tested together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cnn_ablate.claims.evidence import Evidence
from cnn_ablate.plan import Weights
from cnn_ablate.schema import Claim, Effect
from cnn_ablate.stats import Decision, decide


@dataclass(frozen=True)
class Comparison:
    """A claim that compares variants, with its measurements."""

    claim: Claim
    weights: Weights
    evidence: Evidence

    @property
    def key(self) -> tuple[object, ...]:
        """What it measures: claims that agree in it are one test."""
        return self.evidence.metric, self.claim.of_class, frozenset(self.weights.items())


def decisions(
    comparisons: Sequence[Comparison], effects: Sequence[Effect]
) -> Mapping[str, Decision | None]:
    """Return the decision on each comparison by the id of its claim; None if it is not tested.

    Args:
        comparisons: All of a study.
        effects: Of the study's contrasts, with the decisions of their families.
    """
    contrasts = {c.claim.id: _contrast(c, effects) for c in comparisons}
    own = _own_family([c for c in comparisons if contrasts[c.claim.id] is None])
    found: dict[str, Decision | None] = {}
    for comparison in comparisons:
        contrast = contrasts[comparison.claim.id]
        found[comparison.claim.id] = _taken_over(*contrast) if contrast else own[comparison.key]
    return found


def _own_family(comparisons: Sequence[Comparison]) -> dict[tuple[object, ...], Decision | None]:
    """Decide the comparisons that are no contrasts of the study, together."""
    by_seed = {c.key: c.evidence.by_seed for c in comparisons}
    table = pd.concat(list(by_seed.values()), axis=1) if by_seed else pd.DataFrame()
    rows = [table.iloc[:, i].to_numpy(float) for i in range(table.shape[1])]
    return dict(zip(by_seed, decide(rows), strict=True))


def _contrast(comparison: Comparison, effects: Sequence[Effect]) -> tuple[Effect, float] | None:
    """Return the effect that a claim is about, and -1 if it is about the opposite one."""
    weights, metric = dict(comparison.weights), comparison.evidence.metric
    if comparison.claim.of_class is not None:
        return None
    signed = ((effect, sign) for effect in effects for sign in (1.0, -1.0))
    return next(
        (
            (effect, sign)
            for effect, sign in signed
            if effect.metric == metric
            and weights == {effect.variant: sign, effect.reference: -sign}
        ),
        None,
    )


def _taken_over(effect: Effect, sign: float) -> Decision | None:
    if effect.low_family is None or effect.high_family is None or effect.p_adjusted is None:
        return None
    low, high = sorted((sign * effect.low_family, sign * effect.high_family))
    return Decision(effect.p_adjusted, low, high, effect.decided, effect.method, effect.is_clipped)
