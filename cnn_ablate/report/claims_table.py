"""Tables of claims with their verdicts: those that were judged, and those not comparable."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnn_ablate.claims import WORDS, contradictions, count_statements, subject
from cnn_ablate.report.context import ReportContext
from cnn_ablate.schema import Claim, Verdict, Word
from cnn_ablate.text import capital

_NOT_COMPARABLE: Word = "not comparable"


@dataclass(frozen=True)
class ClaimRow:
    """A claim, its metric and variants in words, its verdict, and the reason for it.

    The reason is empty where the notes above the table already state it.
    """

    claim: Claim
    subject: str
    verdict: Verdict
    why: str


@dataclass(frozen=True)
class ClaimTable:
    """The rows of a table of claims, and notes above it that hold for several of them."""

    notes: tuple[str, ...]
    rows: tuple[ClaimRow, ...]


@dataclass(frozen=True)
class ClaimTables:
    """All claims of a study, and the number of statements per verdict in words."""

    tally: str
    judged: ClaimTable
    not_comparable: ClaimTable


def claim_tables(context: ReportContext) -> ClaimTables:
    """Return the claims of a study with their verdicts."""
    claims = context.results.record.study.claims
    pairs = tuple(zip(claims, context.verdicts, strict=True))
    words = {verdict.claim: verdict.verdict for verdict in context.verdicts}
    remarks = contradictions(claims, words)
    return ClaimTables(
        tally=_tally(claims, words),
        judged=_table([pair for pair in pairs if pair[1].verdict != _NOT_COMPARABLE], remarks),
        not_comparable=_table(
            [pair for pair in pairs if pair[1].verdict == _NOT_COMPARABLE], remarks
        ),
    )


def _tally(claims: Sequence[Claim], words: Mapping[str, str]) -> str:
    """Count statements by verdict: `3 reproduced, 1 not reproduced`."""
    times = count_statements(claims, words)
    return ", ".join(f"{times[word]} {word}" for word in WORDS if times[word])


def _table(pairs: Sequence[tuple[Claim, Verdict]], remarks: Mapping[str, str]) -> ClaimTable:
    """Move the condition and the reason that most rows share to the notes above the table."""
    condition = _most_common([verdict.condition for _, verdict in pairs])
    reason = _most_common([verdict.reason for _, verdict in pairs])
    default = f"Unless stated otherwise: {_lower(reason)}" if reason else ""
    rows = (
        ClaimRow(
            claim,
            subject(claim),
            verdict,
            " ".join(filter(None, (_why(verdict, condition, reason), remarks.get(claim.id)))),
        )
        for claim, verdict in pairs
    )
    return ClaimTable(tuple(filter(None, (_sentence(condition), default))), tuple(rows))


def _most_common(texts: Sequence[str]) -> str:
    """Return the most frequent text, if it occurs more than once."""
    text, times = max(Counter(filter(None, texts)).items(), key=lambda x: x[1], default=("", 0))
    return text if times > 1 else ""


def _why(verdict: Verdict, condition: str, reason: str) -> str:
    condition = "" if verdict.condition == condition else _sentence(verdict.condition)
    return " ".join(filter(None, (condition, "" if verdict.reason == reason else verdict.reason)))


def _sentence(text: str) -> str:
    return f"{capital(text)}." if text else ""


def _lower(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"
