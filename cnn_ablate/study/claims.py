"""Claims of a study file, checked against the factors and variants of the study."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from cnn_ablate.messages import explain_error, unknown_name
from cnn_ablate.schema import Claim, Factor, Plan, label
from cnn_ablate.study.file_model import StudyFile
from cnn_ablate.study.problems import Problems
from cnn_ablate.study.source import Place

_SPELLING = {"from": "from_level", "to": "to_level"}
_SPELT = {new: old for old, new in _SPELLING.items()}
# What some keys of a claim mean nothing without.
_NEEDS = {
    "rank": "of_class",
    "taken_for": "of_class",
    "from_level": "factor",
    "to_level": "factor",
    "at": "factor",
    "than_at": "factor",
}
_MEANING = {
    "of_class": "That is the class it speaks of.",
    "factor": "That is the factor whose effect it states.",
}


def read_claims(
    file: StudyFile, factors: tuple[Factor, ...], problems: Problems
) -> tuple[Claim, ...]:
    """Read all claims; their ids differ, what they speak of exists, and says enough."""
    claims: list[Claim] = []
    levels = {factor.name: [level.label for level in factor.levels] for factor in factors}
    for i, written in enumerate(file.claims):
        claim = _claim(("claims", i), written, problems)
        if claim is None:
            continue
        if any(claim.id == other.id for other in claims):
            problems.add(("claims", i, "id"), f"the id '{claim.id}' is given twice.")
        _check_needs(("claims", i), claim, problems)
        _check_statement(("claims", i), claim, problems)
        _check_effect(("claims", i), claim, levels, problems)
        _check_elsewhere(("claims", i), claim, levels, problems)
        claims.append(claim)
    return tuple(claims)


def check_claims(claims: tuple[Claim, ...], plan: Plan, problems: Problems) -> None:
    """Check that the variants which claims speak of are in the plan."""
    known = [variant.name for variant in plan.variants]
    for i, claim in enumerate(claims):
        for key in ("variant", "reference"):
            name = getattr(claim, key)
            if name is not None and name not in known and name not in plan.same:
                problems.add(("claims", i, key), *unknown_name("variant", name, known))


def _claim(place: Place, written: Mapping[str, Any], problems: Problems) -> Claim | None:
    renamed = {_SPELLING.get(key, key): value for key, value in written.items()}
    for key in _SPELLING.values():
        if key in renamed:
            renamed[key] = label(renamed[key])
    try:
        return Claim.model_validate(renamed)
    except ValidationError as error:
        schema = Claim.model_json_schema()
        for detail in error.errors():
            spelt = tuple(_SPELT.get(str(part), part) for part in detail["loc"])
            of_key = detail["type"] == "extra_forbidden"
            problems.add((*place, *spelt), *explain_error(detail, schema), key=of_key)
        return None


def _check_needs(place: Place, claim: Claim, problems: Problems) -> None:
    for key, needed in _NEEDS.items():
        if getattr(claim, key) and getattr(claim, needed) is None:
            spelt = _SPELT.get(key, key)
            what = f"'{spelt}' needs '{needed}'."
            problems.add((*place, spelt), what, _MEANING[needed], key=True)
    for key in ("rank", "taken_for"):
        if getattr(claim, key) and claim.compares:
            what = f"'{key}' speaks of one variant, not of an effect."
            problems.add((*place, key), what, "Name it under 'variant' alone.", key=True)


def _check_statement(place: Place, claim: Claim, problems: Problems) -> None:
    """Check that a claim says something, and of a metric that there is."""
    from cnn_ablate.claims import (  # noqa: PLC0415 - imports SciPy, for studies with claims
        METRICS,
        OF_CLASS,
        says_nothing,
    )

    if claim.metric not in METRICS:
        problems.add((*place, "metric"), *unknown_name("metric", claim.metric, METRICS))
    elif "_to_" in claim.metric and claim.threshold is None:
        problems.add(place, f"{claim.metric} needs a 'threshold'.")
    elif (claim.of_class or claim.rank) and claim.metric not in OF_CLASS:
        problems.add((*place, "metric"), *unknown_name("metric of a class", claim.metric, OF_CLASS))
    elif claim.metric.startswith("class_") and claim.of_class is None:
        what = f"{claim.metric} needs 'of_class'."
        problems.add((*place, "metric"), what, _MEANING["of_class"])
    if says_nothing(claim):
        hint = "Give a 'value', or an 'effect' of a 'factor' or against a 'reference'."
        problems.add(place, "it claims neither a number nor a direction.", hint)


def _check_effect(
    place: Place, claim: Claim, levels: Mapping[str, list[str]], problems: Problems
) -> None:
    """Check the factor whose effect is claimed, and between which of its levels."""
    if claim.factor is None:
        return
    if claim.factor not in levels:
        problems.add((*place, "factor"), *unknown_name("factor", claim.factor, levels))
        return
    known = levels[claim.factor]
    for key, level in (("from", claim.from_level), ("to", claim.to_level)):
        if level is None:
            hint = f"Levels of {claim.factor}: {', '.join(known)}."
            problems.add((*place, "factor"), f"'factor' needs '{key}'.", hint, key=True)
        elif level not in known:
            problems.add((*place, key), *unknown_name(f"level of {claim.factor}", level, known))
    if claim.from_level is not None and claim.from_level == claim.to_level:
        problems.add((*place, "to"), "'from' and 'to' are one level.")


def _check_elsewhere(
    place: Place, claim: Claim, levels: Mapping[str, list[str]], problems: Problems
) -> None:
    """Check the levels of other factors at which the effect is claimed."""
    for key, held in (("at", claim.at), ("than_at", claim.than_at)):
        for name, level in held.items():
            where = (*place, key, name)
            if name == claim.factor:
                hint = "Its levels are given by 'from' and 'to'."
                problems.add(where, "the effect is that of this very factor.", hint, key=True)
            elif name not in levels:
                problems.add(where, *unknown_name("factor", name, levels), key=True)
            elif label(level) not in levels[name]:
                problems.add(where, *unknown_name(f"level of {name}", label(level), levels[name]))
