"""Compare two studies contrast by contrast: do their effects agree?"""

import math
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from cnn_ablate.schema import Effect
from cnn_ablate.stats.paired_differences import t_quantile
from cnn_ablate.stats.units import UNKNOWN, Interval

# Two seeds have an interval on paper that means nothing.
_FEWEST = 3


@dataclass(frozen=True)
class ComparedContrast:
    """One contrast in two studies: its effects, and the gap from the first to the second.

    `interval` is that of the gap at 95 %, `inner` at 90 %. `is_void`: a side means nothing.
    """

    variant: str
    reference: str
    first: Effect | None
    second: Effect | None
    gap: float = math.nan
    interval: Interval = UNKNOWN
    inner: Interval = UNKNOWN
    is_void: bool = False

    @property
    def verdict(self) -> str:
        """Whether the studies agree: only where the gap is shown to be within the margin.

        Two one-sided tests at 5 % show it just where the 90 % interval `inner` is within the
        margin. Reference: Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987.
        """
        if not self.first or not self.second:
            return "second only" if self.second else "first only"
        if self.is_void:
            return "means nothing"
        low, high = self.interval
        effects = (self.first, self.second)
        # The mean of the trials left is no measure of those that failed.
        if any(effect.failed or effect.failed_reference for effect in effects):
            return "trials failed"
        if math.isnan(low):
            return "too few seeds" if min(e.seeds for e in effects) < _FEWEST else "no spread"
        if max(map(abs, self.inner)) < (self.first.metric.margin or 0.0):
            return "agree"
        return "cannot tell" if low <= 0 <= high else "differ"


def compare_studies(
    first: Sequence[Effect],
    second: Sequence[Effect],
    void: Container[tuple[str, str]] = (),
) -> tuple[ComparedContrast, ...]:
    """Match the contrasts of two studies by the names of variant and reference.

    The interval of the gap is Welch's: seeds of one study are not paired with those of another,
    since machine, data or budget differ. Reference: Welch 1947.

    Args:
        first: The effects of one study.
        second: Those of the other.
        void: Contrasts, as (variant, reference), that mean nothing in one of them.
    """
    ours = {(effect.variant, effect.reference): effect for effect in first}
    theirs = {(effect.variant, effect.reference): effect for effect in second}
    return tuple(
        replace(_compare(pair, ours.get(pair), theirs.get(pair)), is_void=pair in void)
        for pair in dict.fromkeys([*ours, *theirs])
    )


def _compare(
    pair: tuple[str, str], first: Effect | None, second: Effect | None
) -> ComparedContrast:
    if not first or not second or first.difference is None or second.difference is None:
        return ComparedContrast(*pair, first, second)
    gap = second.difference - first.difference
    interval, inner = (_welch(gap, first, second, confidence) for confidence in (0.95, 0.9))
    return ComparedContrast(*pair, first, second, gap, interval, inner)


def _welch(gap: float, first: Effect, second: Effect, confidence: float) -> Interval:
    """Return Welch's interval, with the degrees of freedom of Satterthwaite, Biometrics 2, 1946."""
    if min(first.seeds, second.seeds) < _FEWEST:
        return UNKNOWN
    parts = [(effect.sd or 0.0) ** 2 / effect.seeds for effect in (first, second)]
    # Without any spread the degrees of freedom would be 0 / 0; it is no certainty either.
    if not sum(parts):
        return UNKNOWN
    seeds = (first.seeds, second.seeds)
    freedom = sum(parts) ** 2 / sum(p**2 / (n - 1) for p, n in zip(parts, seeds, strict=True))
    half = t_quantile(freedom, confidence) * math.sqrt(sum(parts))
    return gap - half, gap + half
