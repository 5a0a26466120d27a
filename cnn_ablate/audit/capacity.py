"""Contrasts that also change how large the network is."""

import re
from collections.abc import Iterator
from typing import Any

from cnn_ablate.audit.sides import compared
from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.words import change, count, some
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
        word = _SPEAKS_OF_SIZE.search(claim.quote)
        if sides and _moves(subject, sides) and (word or claim.metric in _COSTS):
            told.add(sides)
            yield _claimed(subject, claim, sides, word.group() if word else claim.metric)
    contrasts = [(contrast.variant, contrast.reference) for contrast in subject.plan.contrasts]
    rest = [sides for sides in contrasts if sides not in told and _moves(subject, sides)]
    if rest:
        yield _unclaimed(subject, rest)


def _claimed(subject: Subject, claim: Claim, sides: Sides, word: str) -> Finding:
    said = f'claim {claim.id} speaks of "{word}"'
    if _is_opposed(subject, claim, sides):
        said = f'claim {claim.id} has it the wrong way round ("{claim.quote or word}")'
    return Finding(
        kind="capacity-confound",
        severity="note",
        where=claim.id,
        message=f"{said}: {sides[0]} has {_sizes(subject, sides)}.",
        data={"claim": claim.id, **_data(subject, sides)},
    )


def _is_opposed(subject: Subject, claim: Claim, sides: Sides) -> bool:
    if claim.metric not in _COSTS or claim.effect not in {"higher", "lower"}:
        return False
    new, old = (getattr(subject.sizes[name], claim.metric) for name in sides)
    return bool((new > old) != (claim.effect == "higher"))


def _unclaimed(subject: Subject, rest: list[Sides]) -> Finding:
    largest = sorted(rest, key=lambda sides: -_largest(subject, sides))
    said = [f"{sides[0]} ({_changes(subject, sides)})" for sides in largest]
    return Finding(
        kind="capacity-confound",
        severity="note",
        where=", ".join(sides[0] for sides in rest),
        message=(
            f"{count(len(rest), 'contrast')} also change the size of the network by more than "
            f"5 %, so what they show may be an effect of size: {some(said)}."
        ),
        data={"contrasts": [_data(subject, sides) for sides in rest]},
    )


def _moves(subject: Subject, sides: Sides) -> bool:
    return _largest(subject, sides) > _LEAST


def _largest(subject: Subject, sides: Sides) -> float:
    return max(
        abs(new / old - 1) if old else 1.0
        for cost in _COSTS
        for new, old in [tuple(getattr(subject.sizes[name], cost) for name in sides)]
    )


def _sizes(subject: Subject, sides: Sides) -> str:
    """Compare both costs: `17.1 % fewer parameters than baseline (334,154 against 402,986) ...`."""
    said = []
    for cost, noun in _COSTS.items():
        new, old = (getattr(subject.sizes[name], cost) for name in sides)
        than = f" than {sides[1]}" if not said else ""
        said.append(f"{change(new, old)} {noun}{than} ({new:,} against {old:,})")
    return " and ".join(said)


def _changes(subject: Subject, sides: Sides) -> str:
    pairs = {cost: [getattr(subject.sizes[name], cost) for name in sides] for cost in _COSTS}
    moved = {cost: pair for cost, pair in pairs.items() if pair[0] != pair[1]}
    return ", ".join(f"{change(*pair)} {_COSTS[cost]}" for cost, pair in moved.items())


def _data(subject: Subject, sides: Sides) -> dict[str, Any]:
    pairs = {cost: [getattr(subject.sizes[name], cost) for name in sides] for cost in _COSTS}
    return {"variant": sides[0], "reference": sides[1], **pairs}
