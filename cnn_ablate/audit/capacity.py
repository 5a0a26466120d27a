"""Find contrasts that also change the size of the network."""

import re
from collections.abc import Iterator
from typing import Any

from cnn_ablate.audit.phrases import relative_change
from cnn_ablate.audit.subject import Subject
from cnn_ablate.plan import NotInPlanError, Pair, claimed_pairs
from cnn_ablate.schema import Claim, Finding
from cnn_ablate.text import count, listed, some

# Smaller relative changes are no finding.
_LEAST = 0.05
_COSTS = {"parameters": "parameters", "macs": "multiply-adds"}
_SIZE_WORDS = re.compile(
    r"\b(simpl\w*|complex\w*|deep\w*|shallow\w*|wide\w*|narrow\w*|larg\w*|small\w*|bigg\w*"
    r"|light\w*|heav\w*|compact\w*|capacity)\b",
    re.IGNORECASE,
)


def capacity_confounds(subject: Subject) -> Iterator[Finding]:
    """Find contrasts that change the parameters or multiply-adds by more than 5 %.

    Yield a finding per claim that mentions size, and one for all other contrasts together.
    """
    claimed: set[Pair] = set()
    for claim in subject.study.claims:
        # If a verdict averages the effects of several pairs, the first serves as an example.
        resized = (pair for pair in _pairs(subject, claim) if _changes_size(subject, pair))
        pair = next(resized, None)
        if pair and _mentions_size(subject, claim, pair):
            claimed.add(pair)
            yield _claimed(subject, claim, pair)
    contrasts = [(contrast.variant, contrast.reference) for contrast in subject.plan.contrasts]
    rest = [pair for pair in contrasts if pair not in claimed and _changes_size(subject, pair)]
    if rest:
        yield _unclaimed(subject, rest)


def _pairs(subject: Subject, claim: Claim) -> tuple[Pair, ...]:
    try:
        return claimed_pairs(subject.plan, claim) if claim.compares else ()
    except NotInPlanError:
        return ()


def _mentions_size(subject: Subject, claim: Claim, pair: Pair) -> bool:
    """Return whether a claim is about size, unless it states the change of size correctly."""
    if claim.metric in _COSTS:
        return _states_opposite(subject, claim, pair)
    return _SIZE_WORDS.search(claim.quote) is not None


def _states_opposite(subject: Subject, claim: Claim, pair: Pair) -> bool:
    new, old = (getattr(subject.sizes[name], claim.metric) for name in pair)
    return claim.effect in {"higher", "lower"} and (new > old) != (claim.effect == "higher")


def _claimed(subject: Subject, claim: Claim, pair: Pair) -> Finding:
    what = "has the sizes reversed" if claim.metric in _COSTS else "mentions size"
    quote = f' ("{claim.quote}")' if claim.quote else ""
    costs = [
        f"{new:,} {noun} against {old:,} ({relative_change(new, old)})"
        for noun, (new, old) in _costs(subject, pair).items()
    ]
    return Finding(
        kind="capacity-confound",
        severity="note",
        where=claim.id,
        message=f"Claim {claim.id}{quote} {what}: {pair[0]} and {pair[1]} have {listed(costs)}.",
        data={"claim": claim.id, **_data(subject, pair)},
    )


def _unclaimed(subject: Subject, rest: list[Pair]) -> Finding:
    largest = sorted(rest, key=lambda pair: -_largest(subject, pair))
    changes = [f"{pair[0]} ({_changes(subject, pair)})" for pair in largest]
    return Finding(
        kind="capacity-confound",
        severity="note",
        where=some([pair[0] for pair in largest]),
        message=(
            "The size of the network also changes by more than 5 % in "
            f"{count(len(rest), 'contrast')}, so an effect there may be one of size: "
            f"{some(changes)}."
        ),
        data={"contrasts": [_data(subject, pair) for pair in rest]},
    )


def _changes_size(subject: Subject, pair: Pair) -> bool:
    return subject.sizes.keys() >= set(pair) and _largest(subject, pair) > _LEAST


def _largest(subject: Subject, pair: Pair) -> float:
    costs = _costs(subject, pair).values()
    return max(abs(new / old - 1) if old else float(new > 0) for new, old in costs)


def _changes(subject: Subject, pair: Pair) -> str:
    changed = {noun: cost for noun, cost in _costs(subject, pair).items() if cost[0] != cost[1]}
    return ", ".join(f"{relative_change(*cost)} {noun}" for noun, cost in changed.items())


def _costs(subject: Subject, pair: Pair) -> dict[str, tuple[int, int]]:
    new, old = (subject.sizes[name] for name in pair)
    return {noun: (getattr(new, cost), getattr(old, cost)) for cost, noun in _COSTS.items()}


def _data(subject: Subject, pair: Pair) -> dict[str, Any]:
    new, old = (subject.sizes[name].model_dump() for name in pair)
    pairs = {cost: [new[cost], old[cost]] for cost in _COSTS}
    return {"variant": pair[0], "reference": pair[1], **pairs}
