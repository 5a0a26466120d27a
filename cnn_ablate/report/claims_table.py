"""Tables of claims with their verdicts: those that were judged, and those not comparable."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnn_ablate.claims import (
    CONTRADICTING,
    WORDS,
    StatedTimes,
    by_statement,
    contradictions,
    count_statements,
    counts,
    is_run,
    overrides,
    results_seen,
    source_of_overrides,
    subject,
)
from cnn_ablate.metrics import metric_of
from cnn_ablate.report.report_data import ReportData
from cnn_ablate.schema import Claim, Record, Verdict, Word
from cnn_ablate.text import capital, count

_NOT_COMPARABLE: Word = "not comparable"
_INCONCLUSIVE: Word = "inconclusive"
_NOT_RUN = "not run yet"
# With more inconclusive claims than this, those with a definite verdict are hard to find.
_FEW = 5
_INTERVALS = (
    "The interval of a claimed number or size is where one further run may fall, and wider than in "
    "the ablation table; that of a claimed direction is of its family of tests."
)

Pair = tuple[Claim, Verdict]


@dataclass(frozen=True)
class ClaimRow:
    """A claim, its metric and variants in words, its verdict, and the reason for it.

    The reason is empty where the notes above the table already state it. `mark` says when the claim
    was stated, where that is not the usual case: `changed after results of baseline`.
    """

    claim: Claim
    subject: str
    verdict: Verdict
    why: str
    mark: str

    @property
    def measured(self) -> str:
        """What was measured, or that nothing was run."""
        return self.verdict.measured or ("" if is_run(self.verdict) else _NOT_RUN)


@dataclass(frozen=True)
class ClaimTable:
    """The rows of a table of claims, and notes above it that hold for several of them."""

    notes: tuple[str, ...]
    rows: tuple[ClaimRow, ...]


@dataclass(frozen=True)
class ClaimTables:
    """All claims of a study, and the number of statements per verdict in words.

    Claims that are no quotes, and were stated after their data, are `later`, and not counted.
    `inconclusive` is empty where a few such claims are among those judged.
    `stated` says when claims without a mark were stated; `note` also how many statements they
    check, and what their intervals are of.
    """

    tally: str
    stated: str
    note: str
    judged: ClaimTable
    inconclusive: ClaimTable
    not_comparable: ClaimTable
    later: ClaimTable

    @property
    def folded(self) -> dict[str, ClaimTable]:
        """The tables that a page shows folded, by their headings."""
        other, later = (count(len(t.rows), "claim") for t in (self.not_comparable, self.later))
        tables = {
            _without_answer(self.inconclusive.rows): self.inconclusive,
            f"{other} {_NOT_COMPARABLE}": self.not_comparable,
            f"{later} stated after results, not counted": self.later,
        }
        return {heading: one for heading, one in tables.items() if one.rows}


def _without_answer(rows: Sequence[ClaimRow]) -> str:
    """Count rows without an answer, those not run apart: `5 claims inconclusive, 4 not run yet`."""
    not_run = sum(not is_run(row.verdict) for row in rows)
    later = f", {not_run} {_NOT_RUN}" if not_run else ""
    return f"{count(len(rows) - not_run, 'claim')} {_INCONCLUSIVE}{later}"


def claim_tables(context: ReportData) -> ClaimTables:
    """Return the claims of a study with their verdicts."""
    record = context.results.record
    pairs = tuple(zip(record.study.claims, context.verdicts, strict=True))
    times = StatedTimes(tuple(verdict.stated for _, verdict in pairs))
    counted = [pair for pair in pairs if counts(record, pair[0], pair[1].stated)]
    unclear = [pair for pair in counted if pair[1].verdict == _INCONCLUSIVE]
    inconclusive = unclear if len(unclear) > _FEW else []
    parts = {
        "judged": [
            pair
            for pair in counted
            if pair[1].verdict != _NOT_COMPARABLE and pair not in inconclusive
        ],
        "inconclusive": inconclusive,
        "not_comparable": [pair for pair in counted if pair[1].verdict == _NOT_COMPARABLE],
        "later": [pair for pair in pairs if pair not in counted],
    }
    remarks = contradictions([claim for claim, _ in counted], _words(counted))
    return ClaimTables(
        tally=_tally(counted) or "none counted" * bool(pairs),
        stated=times.sentence,
        note=" ".join(filter(None, (_statements(counted), times.sentence, _INTERVALS))),
        **{name: _table(record, part, remarks, times) for name, part in parts.items()},
    )


def _words(pairs: Sequence[Pair]) -> dict[str, str]:
    return {verdict.claim: verdict.verdict for _, verdict in pairs}


def _tally(pairs: Sequence[Pair]) -> str:
    """Count statements by verdict, those not run apart: `3 reproduced, 1 not run yet`."""
    claims = [claim for claim, _ in pairs]
    times = count_statements(claims, _words(pairs))
    unclear = {v.claim for _, v in pairs if v.verdict == _INCONCLUSIVE and not is_run(v)}
    groups = [{claim.id for claim in group} for group in by_statement(claims)]
    times[_NOT_RUN] = sum(group <= unclear for group in groups)
    times[_INCONCLUSIVE] -= times[_NOT_RUN]
    counted = ", ".join(f"{times[word]} {word}" for word in (*WORDS, _NOT_RUN) if times[word])
    several = f"{len(groups)} statements in {len(pairs)} claims: "
    return f"{several if len(groups) < len(pairs) else ''}{counted}"


def _statements(pairs: Sequence[Pair]) -> str:
    """Return how many statements claims check, if some check the same one."""
    times = count_statements([claim for claim, _ in pairs], _words(pairs))
    if times.total() == len(pairs):
        return ""
    disagree = f"; {CONTRADICTING}: its claims disagree" if times[CONTRADICTING] else ""
    return f"{len(pairs)} claims check {times.total()} statements, each counted once{disagree}."


def _table(
    record: Record, pairs: Sequence[Pair], remarks: Mapping[str, str], times: StatedTimes
) -> ClaimTable:
    """Move the condition and the reason that most rows share to the notes above the table."""
    condition = _shared([verdict.condition for _, verdict in pairs])
    reason = _shared([verdict.reason for _, verdict in pairs])
    default = f"Unless stated otherwise: {_lower(reason)}" if reason else ""
    common = _sentence(condition)
    if condition and condition == overrides(record):
        source = source_of_overrides(record.study)
        common = f"Measured with the overrides of {source}; see training setup."
    rows = (
        ClaimRow(
            claim,
            subject(claim, metric_of(record.study, claim)),
            verdict,
            " ".join(filter(None, (_why(verdict, condition, reason), remarks.get(claim.id)))),
            f"{times.mark(verdict.stated)} {results_seen(record, claim)}".strip(),
        )
        for claim, verdict in pairs
    )
    return ClaimTable(tuple(filter(None, (common, default))), tuple(rows))


def _shared(texts: Sequence[str]) -> str:
    """Return the text of more than half of several rows, if there is one."""
    [(text, times)] = Counter(texts).most_common(1) or [("", 0)]
    return text if times > max(1, len(texts) / 2) else ""


def _why(verdict: Verdict, condition: str, reason: str) -> str:
    condition = "" if verdict.condition == condition else _sentence(verdict.condition)
    return " ".join(filter(None, (condition, "" if verdict.reason == reason else verdict.reason)))


def _sentence(text: str) -> str:
    return f"{capital(text)}." if text else ""


def _lower(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"
