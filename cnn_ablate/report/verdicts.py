"""Claims beside their verdicts, as the first table of a report shows them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from cnn_ablate.claims import subject, verdicts
from cnn_ablate.report import formats
from cnn_ablate.schema import Claim, Verdict, Word
from cnn_ablate.store import Results

_ASIDE: Word = "not comparable"


@dataclass(frozen=True)
class Judged:
    """A claim, what it is checked on, the verdict, and why in words that are not said above."""

    claim: Claim
    subject: str
    verdict: Verdict
    why: str


@dataclass(frozen=True)
class Group:
    """Claims that stand in one table, and over it what several of them share."""

    notes: tuple[str, ...]
    judged: tuple[Judged, ...]


@dataclass(frozen=True)
class Verdicts:
    """All claims of a study: those that were judged, and those that cannot be compared."""

    tally: str
    judged: Group
    aside: Group


def judge(results: Results) -> Verdicts:
    """Judge all claims."""
    claims = results.record.study.claims
    pairs = tuple(zip(claims, verdicts(results), strict=True))
    return Verdicts(
        tally=_tally([verdict for _, verdict in pairs]),
        judged=_group([pair for pair in pairs if pair[1].verdict != _ASIDE]),
        aside=_group([pair for pair in pairs if pair[1].verdict == _ASIDE]),
    )


def _tally(found: Sequence[Verdict]) -> str:
    """Count claims by verdict: `3 reproduced, 1 undetermined`."""
    times = Counter[str](verdict.verdict for verdict in found)
    return ", ".join(f"{times[word]} {word}" for word in get_args(Word) if times[word])


def _group(pairs: Sequence[tuple[Claim, Verdict]]) -> Group:
    """Say once, over the table, the condition and the reason that most rows would repeat."""
    condition = _shared([verdict.condition for _, verdict in pairs])
    reason = _shared([verdict.reason for _, verdict in pairs])
    notes = (_sentence(condition), f"Where no reason is given: {_lower(reason)}" if reason else "")
    judged = (
        Judged(claim, subject(claim), verdict, _why(verdict, condition, reason))
        for claim, verdict in pairs
    )
    return Group(tuple(filter(None, notes)), tuple(judged))


def _shared(texts: Sequence[str]) -> str:
    """Give the text that most often stands there, if it does so more than once."""
    text, times = max(Counter(filter(None, texts)).items(), key=lambda x: x[1], default=("", 0))
    return text if times > 1 else ""


def _why(verdict: Verdict, condition: str, reason: str) -> str:
    condition = "" if verdict.condition == condition else _sentence(verdict.condition)
    return " ".join(filter(None, (condition, "" if verdict.reason == reason else verdict.reason)))


def _sentence(text: str) -> str:
    return f"{formats.capital(text)}." if text else ""


def _lower(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"
