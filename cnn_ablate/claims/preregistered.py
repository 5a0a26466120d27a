"""Whether a claim was stated before its data, after the log that study.json keeps."""

from collections.abc import Iterable

from cnn_ablate.plan import NotInPlanError, claim_weights
from cnn_ablate.schema import Claim, Record, Stated, Verdict, claim_hash

COUNTED: tuple[Stated, ...] = ("before its data", "no log")
"""Claims of a study without a paper that count with the others."""


def with_stated(record: Record, verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """Return the verdicts on the claims of a study, with the time at which each was stated."""
    return tuple(
        verdict.model_copy(update={"stated": stated(record, claim)})
        for claim, verdict in zip(record.study.claims, verdicts, strict=True)
    )


def stated(record: Record, claim: Claim) -> Stated:
    """Return when a claim was stated: before any trial of its variants existed, or later.

    More seeds do not change it. Where trials are older than the first entry of the log, nothing is
    known of a claim that this entry has.
    """
    hashes = [entry.claims.get(claim.id) for entry in record.log]
    if not hashes:
        return "no log"
    own = _variants(record, claim)
    before = [h for h, entry in zip(hashes, record.log, strict=True) if not own & {*entry.variants}]
    now = claim_hash(claim)
    if now in before:
        return "before its data"
    if not before and now == hashes[0]:
        return "no log"
    return "changed after" if any(h not in {None, now} for h in hashes) else "added after"


def counts(record: Record, verdict: Verdict) -> bool:
    """Return whether a claim counts with the others: a published one always does."""
    return record.study.paper is not None or verdict.stated in COUNTED


def _variants(record: Record, claim: Claim) -> set[str]:
    """Return the names of the variants that a claim is about; all if the plan has none of them."""
    try:
        return {name for name, weight in claim_weights(record.plan, claim).items() if weight}
    except NotInPlanError:
        return {variant.name for variant in record.plan.variants}
