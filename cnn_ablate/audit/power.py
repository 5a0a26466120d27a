"""Find contrasts that have too few seeds for a small p value."""

from collections.abc import Iterator, Sequence
from math import isnan

from cnn_ablate.audit.subject import Subject
from cnn_ablate.schema import Finding
from cnn_ablate.stats import adjust_p, smallest_p
from cnn_ablate.text import count, count_range, p_value, some

_ALPHA = 0.05
_MOST_SEEDS = 30


def too_few_seeds(subject: Subject) -> Iterator[Finding]:
    """Find contrasts whose p value cannot be below 0.05 after Holm's correction."""
    contrasts = subject.plan.contrasts
    seeds = subject.plan.paired_seeds
    smallest = _smallest_adjusted_p(seeds)
    weak = [i for i, p in enumerate(smallest) if p >= _ALPHA]
    if not weak:
        return
    if len(weak) == len(contrasts):
        which = count(len(contrasts), "contrast")
        so = f"so none can be below 0.05; {_remedy(seeds)}"
    else:
        names = some([contrasts[i].variant for i in weak])
        which = f"{len(weak)} of {len(contrasts)} contrasts ({names})"
        so = "so these have intervals, but no p below 0.05"
    few = count_range((seeds[i] for i in weak), "seed")
    best = p_value(min(smallest[i] for i in weak))
    yield Finding(
        kind="cannot-show",
        severity="note",
        where="seeds",
        message=f"{which} with {few} can reach {best} at best after Holm (sign-flip test), {so}.",
        data={
            "seeds": max(seeds),
            "contrasts": len(contrasts),
            "cannot": len(weak),
            "smallest_adjusted": min(smallest),
            "enough": _enough(seeds),
        },
    )


def _remedy(seeds: Sequence[int]) -> str:
    enough = _enough(seeds)
    return f"{enough} seeds would suffice" if enough else "no number of seeds would suffice"


def _enough(seeds: Sequence[int]) -> int | None:
    """Return the number of seeds that would suffice if all tested contrasts had it."""
    family = sum(n > 1 for n in seeds) or len(seeds)
    counts = range(2, _MOST_SEEDS)
    return next((n for n in counts if smallest_p(n) * family < _ALPHA), None)


def _smallest_adjusted_p(seeds: Sequence[int]) -> list[float]:
    # A contrast with one seed is not tested; its p value counts as 1.
    return [1.0 if isnan(p) else float(p) for p in adjust_p([smallest_p(n) for n in seeds])]
