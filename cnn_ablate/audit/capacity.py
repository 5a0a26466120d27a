"""Contrasts that also change how large the network is."""

import re
from collections.abc import Iterator
from typing import Any

from cnn_ablate.audit.sides import compared
from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.words import change, count, listed, some
from cnn_ablate.schema import Claim, Finding

_LEAST = 0.05
_COSTS = {"parameters": "parameters", "macs": "multiply-adds"}
_SPEAKS_OF_SIZE = re.compile(
    r"\b(simpl\w*|complex\w*|deep\w*|shallow\w*|wide\w*|narrow\w*|larg\w*|small\w*|bigg\w*"
    r"|light\w*|heav\w*|compact\w*|capacity)\b",
    re.IGNORECASE,
)

Sides = tuple[str, str]


def capacity_confounds(subject: Subject) -> Iterator[Finding]:
    """Find contrasts that move parameters or multiply-adds by more than 5 %.

    One finding for each claim that speaks of size, and one for all other contrasts together.
    """
    told: set[Sides] = set()
    for claim in subject.study.claims:
        sides = compared(subject.plan, claim)
        if sides and _moves(subject, sides) and _is_worth_a_word(subject, claim, sides):
            told.add(sides)
            yield _claimed(subject, claim, sides)
    contrasts = [(contrast.variant, contrast.reference) for contrast in subject.plan.contrasts]
    rest = [sides for sides in contrasts if sides not in told and _moves(subject, sides)]
    if rest:
        yield _unclaimed(subject, rest)


def _is_worth_a_word(subject: Subject, claim: Claim, sides: Sides) -> bool:
    """Say whether a claim speaks of size, unless it does so rightly and with numbers."""
    if claim.metric in _COSTS:
        return _is_opposed(subject, claim, sides)
    return _SPEAKS_OF_SIZE.search(claim.quote) is not None


def _is_opposed(subject: Subject, claim: Claim, sides: Sides) -> bool:
    new, old = (getattr(subject.sizes[name], claim.metric) for name in sides)
    return claim.effect in {"higher", "lower"} and (new > old) != (claim.effect == "higher")


def _claimed(subject: Subject, claim: Claim, sides: Sides) -> Finding:
    said = "has it the wrong way round" if claim.metric in _COSTS else "speaks of size"
    quote = f' ("{claim.quote}")' if claim.quote else ""
    costs = [
        f"{new:,} {noun} against {old:,} ({change(new, old)})"
        for noun, (new, old) in _costs(subject, sides).items()
    ]
    return Finding(
        kind="capacity-confound",
        severity="note",
        where=claim.id,
        message=f"Claim {claim.id}{quote} {said}: {sides[0]} and {sides[1]} have {listed(costs)}.",
        data={"claim": claim.id, **_data(subject, sides)},
    )


def _unclaimed(subject: Subject, rest: list[Sides]) -> Finding:
    largest = sorted(rest, key=lambda sides: -_largest(subject, sides))
    said = [f"{sides[0]} ({_changes(subject, sides)})" for sides in largest]
    return Finding(
        kind="capacity-confound",
        severity="note",
        where=some([sides[0] for sides in largest]),
        message=(
            f"The size of the network also moves by more than 5 % in {count(len(rest), 'contrast')}"
            f", so an effect there may be one of size: {some(said)}."
        ),
        data={"contrasts": [_data(subject, sides) for sides in rest]},
    )


def _moves(subject: Subject, sides: Sides) -> bool:
    return _largest(subject, sides) > _LEAST


def _largest(subject: Subject, sides: Sides) -> float:
    costs = _costs(subject, sides).values()
    return max(abs(new / old - 1) if old else float(new > 0) for new, old in costs)


def _changes(subject: Subject, sides: Sides) -> str:
    moved = {noun: cost for noun, cost in _costs(subject, sides).items() if cost[0] != cost[1]}
    return ", ".join(f"{change(*cost)} {noun}" for noun, cost in moved.items())


def _costs(subject: Subject, sides: Sides) -> dict[str, tuple[int, int]]:
    new, old = (subject.sizes[name] for name in sides)
    return {noun: (getattr(new, cost), getattr(old, cost)) for cost, noun in _COSTS.items()}


def _data(subject: Subject, sides: Sides) -> dict[str, Any]:
    new, old = (subject.sizes[name].model_dump() for name in sides)
    pairs = {cost: [new[cost], old[cost]] for cost in _COSTS}
    return {"variant": sides[0], "reference": sides[1], **pairs}
