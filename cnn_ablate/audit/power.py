"""What a study's seeds and contrasts can never show."""

from collections.abc import Iterator

from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.words import count
from cnn_ablate.schema import Finding, Plan
from cnn_ablate.stats import probability, smallest_p

_ALPHA = 0.05
_MOST_SEEDS = 30


def cannot_show(subject: Subject) -> Iterator[Finding]:
    """Find that no p of the study can come out under 0.05 after Holm."""
    contrasts = len(subject.plan.contrasts)
    seeds = _most(subject.plan)
    if not contrasts or _least(seeds, contrasts) < _ALPHA:
        return
    enough = next((n for n in range(2, _MOST_SEEDS) if _least(n, contrasts) < _ALPHA), None)
    best = probability(_least(seeds, contrasts))
    could = f"{enough} seeds would do" if enough else "no number of seeds would do"
    yield Finding(
        kind="cannot-show",
        severity="note",
        where="seeds",
        message=(
            f"{count(seeds, 'seed')} and {count(contrasts, 'contrast')} leave {best} after Holm as "
            f"the smallest possible sign-flip p, so none can be under 0.05; {could}."
        ),
        data={
            "seeds": seeds,
            "contrasts": contrasts,
            "smallest_p": _least(seeds, 1),
            "smallest_adjusted": _least(seeds, contrasts),
            "enough": enough,
        },
    )


def _most(plan: Plan) -> int:
    """Give the seeds of the contrast that has most."""
    seeds = {variant: len(its) for variant, its in plan.seeds().items()}
    return max((min(seeds[c.variant], seeds[c.reference]) for c in plan.contrasts), default=0)


def _least(seeds: int, contrasts: int) -> float:
    return 1.0 if seeds < 2 else min(1.0, smallest_p(seeds) * contrasts)
