"""Claims counted by statement: what a paper says once counts once, however often it is checked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import get_args

from cnn_ablate.schema import Claim, Word

CONTRADICTING = "contradicting"
"""What a statement is called that one of its claims supports and another refutes."""
WORDS = (*get_args(Word), CONTRADICTING)
"""What statements are counted by, in this order."""

_SUPPORTED = {"reproduced", "direction only", "agrees early"}
_REFUTED = {"negligible", "not reproduced", "disagrees early"}


def by_statement(claims: Sequence[Claim]) -> list[list[Claim]]:
    """Group claims that check one statement: one quote, metric and direction."""
    groups: dict[tuple[object, ...], list[Claim]] = {}
    for claim in claims:
        groups.setdefault(_statement(claim), []).append(claim)
    return list(groups.values())


def statement_verdict(words: Sequence[str]) -> str:
    """Return the verdict on a statement: the least sure one on its claims, unless they contradict.

    What one claim leaves open is open in the statement, though another claim supports it.
    """
    if _SUPPORTED & set(words) and _REFUTED & set(words):
        return CONTRADICTING
    return max(words, key=WORDS.index)


def count_statements(claims: Sequence[Claim], verdicts: Mapping[str, str]) -> Counter[str]:
    """Count statements by their verdict.

    Args:
        claims: Of one study.
        verdicts: The verdict on each claim, by its id.
    """
    groups = ([verdicts[claim.id] for claim in group] for group in by_statement(claims))
    return Counter(map(statement_verdict, groups))


def contradictions(claims: Sequence[Claim], verdicts: Mapping[str, str]) -> dict[str, str]:
    """Return, by id, what is to be said of claims whose statement is refuted as well as supported.

    Args:
        claims: Of one study.
        verdicts: The verdict on each claim, by its id.
    """
    remarks = {}
    for group in by_statement(claims):
        words = {claim.id: verdicts[claim.id] for claim in group}
        if statement_verdict(list(words.values())) == CONTRADICTING:
            for claim in group:
                others = dict.fromkeys(w for w in words.values() if w != words[claim.id])
                remarks[claim.id] = f"Checked otherwise, this statement is: {', '.join(others)}."
    return remarks


def _statement(claim: Claim) -> tuple[object, ...]:
    if not claim.quote:
        return (claim.id,)
    signs = {True: "higher", False: "lower"}
    direction = claim.effect or (signs[claim.size > 0] if claim.compares else "")
    of_class = (claim.of_class, claim.rank, claim.taken_for)
    return (claim.quote, claim.measured_metric, *of_class, direction)
