"""Find contrasts that have too few seeds to be tested, or for a small p value."""

from collections.abc import Iterator, Sequence

from cnn_ablate.audit.subject import Subject
from cnn_ablate.schema import Finding
from cnn_ablate.stats.families import families
from cnn_ablate.stats.multiple_comparisons import LEAST_PAIRS, smallest_adjusted_p
from cnn_ablate.text import count, count_range, listed, some


def too_few_seeds(subject: Subject) -> Iterator[Finding]:
    """Find contrasts that their family could not decide, whatever their seeds give."""
    plan, error = subject.plan, subject.study.error
    smallest = _smallest(subject)
    weak = [i for i, p in enumerate(smallest) if p is None or p > error]
    if not weak:
        return
    seeds = [plan.paired_seeds[i] for i in weak]
    names = some([plan.contrasts[i].variant for i in weak])
    which = f"{len(weak)} of {count(len(plan.contrasts), 'contrast')} ({names})"
    yield Finding(
        kind="cannot-show",
        severity="note",
        where="seeds",
        message=(
            f"{which} with {count_range(seeds, 'seed')} cannot be decided, whatever is measured: "
            f"{_reason([smallest[i] for i in weak])}."
        ),
        data={
            "seeds": max(plan.paired_seeds),
            "contrasts": len(plan.contrasts),
            "cannot": len(weak),
        },
    )


def _reason(smallest: Sequence[float | None]) -> str:
    reached = [p for p in smallest if p is not None]
    untested = f"a test takes {LEAST_PAIRS} seeds" if None in smallest else ""
    flips = f"the smallest p is {min(reached):.2g} in their family" if reached else ""
    return listed(filter(None, (untested, flips)))


def _smallest(subject: Subject) -> list[float | None]:
    """Return per contrast the smallest adjusted p in its family; None if it cannot be tested."""
    plan = subject.plan
    names = families(subject.study, plan)
    smallest: list[float | None] = [None] * len(names)
    for family in set(names):
        members = [i for i, name in enumerate(names) if name == family]
        own = smallest_adjusted_p([plan.paired_seeds[i] for i in members])
        for i, p in zip(members, own, strict=True):
            smallest[i] = p
    return smallest
