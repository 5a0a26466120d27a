"""Planning: what a number of seeds can show, given the spread of paired differences.

All are estimates: from Student's t, normal differences, and Bonferroni over the family, which the
step-down test of the study improves upon a little.
"""

import math
from dataclasses import dataclass

import scipy

_POWER = 0.8
_MOST_SEEDS = 1000


@dataclass(frozen=True, kw_only=True)
class Precision:
    """How precisely a family measures one of its contrasts with the seeds that are planned.

    Attributes:
        sd: Standard deviation of the paired differences, in points; 1 for results in units of it.
        seeds: Number of pairs that are planned.
        contrasts: Number of contrasts in its family.
        error: Of the family.
    """

    sd: float
    seeds: int
    contrasts: int
    error: float

    @property
    def half_width(self) -> float:
        """The expected half-width of the interval of its family, in points."""
        return _quantile(self.error / self.contrasts, self.seeds) * self._standard_error(self.seeds)

    @property
    def smallest_effect(self) -> float:
        """The smallest effect that is decided with 80 % power, in points."""
        return self._found_with(self.seeds)

    def seeds_for(self, effect: float) -> int | None:
        """Return the smallest number of seeds that decides an effect with 80 % power, from 3."""
        enough = (n for n in range(3, _MOST_SEEDS + 1) if self._found_with(n) <= effect)
        return next(enough, None)

    def _found_with(self, seeds: int) -> float:
        both = _quantile(self.error / self.contrasts, seeds) + scipy.stats.t.ppf(_POWER, seeds - 1)
        return float(both * self._standard_error(seeds))

    def _standard_error(self, seeds: int) -> float:
        return self.sd / math.sqrt(seeds)


@dataclass(frozen=True, kw_only=True)
class Spread(Precision):
    """The paired differences of one contrast in `seen` pairs of a pilot, and what is planned."""

    variant: str
    reference: str
    seen: int


def _quantile(error: float, seeds: int) -> float:
    return float(scipy.stats.t.ppf(1 - error / 2, seeds - 1))
