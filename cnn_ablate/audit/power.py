"""What a study's seeds and contrasts can never show."""

from collections.abc import Iterator, Sequence
from math import isnan

from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.words import count, some
from cnn_ablate.schema import Finding
from cnn_ablate.stats import adjusted, count_range, probability, smallest_p

_ALPHA = 0.05
_MOST_SEEDS = 30


def cannot_show(subject: Subject) -> Iterator[Finding]:
    """Find contrasts whose p can never come out under 0.05 after Holm."""
    contrasts = subject.plan.contrasts
    seeds = subject.plan.paired_seeds
    least = _least(seeds)
    weak = [i for i, p in enumerate(least) if p >= _ALPHA]
    if not weak:
        return
    few = count_range((seeds[i] for i in weak), "seed")
    best = probability(min(least[i] for i in weak))
    if len(weak) == len(contrasts):
        who = f"{few} and {count(len(contrasts), 'contrast')}"
        so = f"so none can be under 0.05; {_remedy(seeds)}"
    else:
        names = some([contrasts[i].variant for i in weak])
        who = f"{few} of {len(weak)} of {len(contrasts)} contrasts ({names})"
        so = "so these give intervals, but no p under 0.05"
    yield Finding(
        kind="cannot-show",
        severity="note",
        where="seeds",
        message=f"{who} leave {best} after Holm as the smallest possible sign-flip p, {so}.",
        data={
            "seeds": max(seeds),
            "contrasts": len(contrasts),
            "cannot": len(weak),
            "smallest_adjusted": min(least),
            "enough": _enough(seeds),
        },
    )


def _remedy(seeds: Sequence[int]) -> str:
    enough = _enough(seeds)
    return f"{enough} seeds would do" if enough else "no number of seeds would do"


def _enough(seeds: Sequence[int]) -> int | None:
    """Give how many seeds would do if all contrasts that are tested had them."""
    family = sum(n > 1 for n in seeds) or len(seeds)
    counts = range(2, _MOST_SEEDS)
    return next((n for n in counts if smallest_p(n) * family < _ALPHA), None)


def _least(seeds: Sequence[int]) -> list[float]:
    """Give the least p of each contrast after Holm; one seed is no test, and 1 stands for it."""
    return [1.0 if isnan(p) else float(p) for p in adjusted([smallest_p(n) for n in seeds])]
