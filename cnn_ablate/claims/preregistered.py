"""Whether a claim was stated before its data, after the log that study.json keeps."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cnn_ablate.plan import NotInPlanError, claim_weights
from cnn_ablate.schema import Claim, LogEntry, Record, Stated, Verdict, claim_hash
from cnn_ablate.text import some

COUNTED: tuple[Stated, ...] = ("before its data", "no log")
"""Claims that count with the others, also where they are no quotes from a paper."""
_USUAL = {
    "before its data": "The claims were stated before their data",
    "no log": "No log shows whether the claims were chosen before the results",
}
# Parts of a design, by the first word of their edits; levels of a factor begin with `its.name:`.
_PART_OF = {
    **dict.fromkeys(("baseline", "factor", "designs", "exclude", "trainer"), "design"),
    **dict.fromkeys(("seeds", "fewer", "looks", "error", "primary"), "seeds"),
    "metric": "measure",
}


@dataclass(frozen=True)
class StatedTimes:
    """When the claims of a table were stated: the usual case in a sentence, the others by marks."""

    times: tuple[Stated, ...]

    @property
    def usual(self) -> Stated | None:
        """The most frequent time of those that need no mark."""
        times = Counter[Stated](when for when in self.times if when in COUNTED)
        return times.most_common(1)[0][0] if times else None

    @property
    def sentence(self) -> str:
        """The usual case, for a note above the table; empty if there is none."""
        if self.usual is None:
            return ""
        others = ", unless marked" if len(set(self.times)) > 1 else ""
        return f"{_USUAL[self.usual]}{others}."

    def mark(self, when: Stated) -> str:
        """Return the mark of a claim: when it was stated, if that is not the usual case."""
        return "" if when == self.usual else when


def with_stated(record: Record, verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """Return the verdicts on the claims of a study, with the time at which each was stated."""
    design = _in_words(design_stated(record))
    return tuple(
        verdict.model_copy(update={"stated": stated(record, claim), "design_stated": design})
        for claim, verdict in zip(record.study.claims, verdicts, strict=True)
    )


def stated(record: Record, claim: Claim) -> Stated:
    """Return when a claim was stated: before any trial of its variants existed, or later.

    More seeds do not change it. Where trials are older than the first entry of the log, nothing is
    known of a claim that this entry has.
    """
    own = _variants(record, claim)
    hashes = [entry.claims.get(claim.id) for entry in record.log]
    seen = [not own.isdisjoint(entry.variants) for entry in record.log]
    return _when(hashes, seen, claim_hash(claim))


def results_seen(record: Record, claim: Claim) -> str:
    """Return of which variants a claim stated later had results then: `results of baseline`.

    Empty if all of its variants had results, or if it was not stated later.
    """
    now, own = claim_hash(claim), _variants(record, claim)
    first = next((entry for entry in record.log if entry.claims.get(claim.id) == now), None)
    seen = own & set(first.variants) if first else own
    if stated(record, claim) in COUNTED or seen == own:
        return ""
    return f"results of {some(v.name for v in record.plan.variants if v.name in seen)}"


def design_stated(record: Record) -> dict[str, Stated]:
    """Return when the design, the seeds or looks, and the metric with its margin were stated."""
    names = {"design": "the design", "seeds": "the seeds", "measure": "the metric"}
    seen = [_is_after_results(record, entry) for entry in record.log]
    found: dict[str, Stated] = {}
    for part, name in names.items():
        hashes = [getattr(entry, part) for entry in record.log]
        found[name] = _when(hashes, seen, hashes[-1] if hashes else "")
    return found


def later_edits(record: Record) -> dict[str, list[str]]:
    """Return what was edited after results could be seen, in words, by date.

    An edit back to what was stated before results says so. There are no words where an earlier
    version wrote the log.
    """
    early = [entry for entry in record.log if not _is_after_results(record, entry)]
    found: dict[str, list[str]] = {}
    for before, entry in pairwise(record.log):
        parts = [(e.design, e.seeds, e.measure) for e in (before, entry)]
        if parts[0] != parts[1] and _is_after_results(record, entry):
            words = [f"{edit}{_back(edit, before, entry, early)}" for edit in entry.edits or ()]
            found.setdefault(entry.time[:10], []).extend(words)
    return found


def _back(edit: str, before: LogEntry, entry: LogEntry, early: Sequence[LogEntry]) -> str:
    """Return a remark on an edit by which a part became what an early entry had stated."""
    word = edit.split(maxsplit=1)[0]
    part = "design" if word.endswith(":") else _PART_OF.get(word)
    if part is None or getattr(before, part) == getattr(entry, part):
        return ""
    is_back = getattr(entry, part) in {getattr(each, part) for each in early}
    return " (as stated before the data)" if is_back else ""


def _is_after_results(record: Record, entry: LogEntry) -> bool:
    """Return whether results existed when an entry was made.

    Entries of earlier versions leave out trials of an earlier design, which looks show.
    """
    if entry.edits is not None or entry.variants:
        return bool(entry.variants)
    return any(look.time < entry.time for look in record.looks)


def _in_words(times: Mapping[str, Stated]) -> str:
    """Return one time for all parts of a design, or each with its own."""
    different = len(set(times.values())) > 1
    each = (f"{part} {when}" for part, when in times.items())
    return "; ".join(each) if different else next(iter(times.values()))


def _when(hashes: Sequence[str | None], seen: Sequence[bool], now: str) -> Stated:
    """Return when something was stated, from its hash in each entry of the log.

    `seen` says of each entry whether results existed then. A `now` that no entry had before was
    stated later.
    """
    if not hashes:
        return "no log"
    before = [h for h, late in zip(hashes, seen, strict=True) if not late]
    if now in before:
        return "before its data"
    if not before and now == hashes[0]:
        return "no log"
    return "changed after" if any(h not in {None, now} for h in hashes) else "added after"


def counts(record: Record, claim: Claim, when: Stated) -> bool:
    """Return whether a claim counts with the others: a quote from a paper always does."""
    return bool(record.study.paper and claim.quote) or when in COUNTED


def _variants(record: Record, claim: Claim) -> set[str]:
    """Return the names of the variants that a claim is about; all if the plan has none of them."""
    try:
        return {name for name, weight in claim_weights(record.plan, claim).items() if weight}
    except NotInPlanError:
        return {variant.name for variant in record.plan.variants}
