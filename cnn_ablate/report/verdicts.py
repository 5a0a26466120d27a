"""Claims beside their verdicts, as the first table of a report shows them."""

from collections import Counter
from dataclasses import dataclass

from cnn_ablate.claims import verdicts
from cnn_ablate.schema import Claim, Verdict
from cnn_ablate.store import Results

_HERE = "; here "


@dataclass(frozen=True)
class Judged:
    """A claim with what the data say of it, and why in words."""

    claim: Claim
    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class Verdicts:
    """All claims of a study, and what hinders most of those that cannot be compared."""

    hindrance: str
    judged: tuple[Judged, ...]


def judge(results: Results) -> Verdicts:
    """Judge all claims; a hindrance that several share is said once, not in every reason."""
    found = verdicts(results)
    hindrance = _shared(found)
    judged = [
        Judged(claim, verdict, _reason(verdict, hindrance))
        for claim, verdict in zip(results.record.study.claims, found, strict=True)
    ]
    return Verdicts(hindrance[:1].lower() + hindrance[1:], tuple(judged))


def _shared(found: tuple[Verdict, ...]) -> str:
    heads = Counter(v.reason.partition(_HERE)[0] for v in found if _HERE in v.reason)
    hindrance, times = max(heads.items(), key=lambda item: item[1], default=("", 0))
    return hindrance if times > 1 else ""


def _reason(verdict: Verdict, hindrance: str) -> str:
    head, here, measured = verdict.reason.partition(_HERE)
    if not here or head != hindrance:
        return verdict.reason
    return f"{measured[:1].upper()}{measured[1:]}"
