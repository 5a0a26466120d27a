"""Claims of a study file, checked against the factors and variants of the study."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from cnn_ablate.schema import Claim, Factor, Plan, label
from cnn_ablate.study.file import StudyFile
from cnn_ablate.study.problems import Problems
from cnn_ablate.study.source import Place
from cnn_ablate.wording import unknown, worded

_SPELLING = {"from": "from_level", "to": "to_level"}


def read_claims(
    file: StudyFile, factors: tuple[Factor, ...], problems: Problems
) -> tuple[Claim, ...]:
    """Read all claims; their ids differ, and their factors and levels exist."""
    claims: list[Claim] = []
    for i, written in enumerate(file.claims):
        claim = _claim(("claims", i), written, problems)
        if claim is None:
            continue
        if any(claim.id == other.id for other in claims):
            problems.add(("claims", i, "id"), f"the id '{claim.id}' stands twice.")
        _check_metric(("claims", i), claim, problems)
        _check_levels(("claims", i), claim, {f.name: f for f in factors}, problems)
        claims.append(claim)
    return tuple(claims)


def check_claims(claims: tuple[Claim, ...], plan: Plan, problems: Problems) -> None:
    """Check that the variants which claims speak of are in the plan."""
    known = [variant.name for variant in plan.variants]
    for i, claim in enumerate(claims):
        for key in ("variant", "reference"):
            name = getattr(claim, key)
            if name is not None and name not in known and name not in plan.same:
                problems.add(("claims", i, key), *unknown("variant", name, known))


def _claim(place: Place, written: Mapping[str, Any], problems: Problems) -> Claim | None:
    renamed = {_SPELLING.get(key, key): value for key, value in written.items()}
    for key in _SPELLING.values():
        if key in renamed:
            renamed[key] = label(renamed[key])
    try:
        return Claim.model_validate(renamed)
    except ValidationError as error:
        schema = Claim.model_json_schema()
        back = {new: old for old, new in _SPELLING.items()}
        for detail in error.errors():
            spelt = tuple(back.get(str(part), part) for part in detail["loc"])
            of_key = detail["type"] == "extra_forbidden"
            problems.add((*place, *spelt), *worded(detail, schema), key=of_key)
        return None


def _check_metric(place: Place, claim: Claim, problems: Problems) -> None:
    from cnn_ablate.claims import METRICS  # noqa: PLC0415 - imports SciPy, for studies with claims

    if claim.metric not in METRICS:
        problems.add((*place, "metric"), *unknown("metric", claim.metric, METRICS))
    elif "_to_" in claim.metric and claim.threshold is None:
        problems.add(place, f"{claim.metric} needs a 'threshold'.")


def _check_levels(
    place: Place, claim: Claim, factors: Mapping[str, Factor], problems: Problems
) -> None:
    if claim.factor is None:
        return
    if claim.factor not in factors:
        problems.add((*place, "factor"), *unknown("factor", claim.factor, factors))
        return
    known = [level.label for level in factors[claim.factor].levels]
    for key, level in (("from", claim.from_level), ("to", claim.to_level)):
        if level is not None and level not in known:
            problems.add((*place, key), *unknown(f"level of {claim.factor}", level, known))
