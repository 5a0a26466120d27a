"""Claims of a study file, checked against the factors and variants of the study."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cnn_ablate.metrics import KNOWN_METRICS
from cnn_ablate.schema import TEST_ACCURACY, Claim, Factor, Metric, Plan, label
from cnn_ablate.study.file_model import StudyFile
from cnn_ablate.study.problems import Problems
from cnn_ablate.study.source import Place
from cnn_ablate.value_errors import format_value, unknown_name

# `from` is a keyword of Python, so the fields have other names than the keys of the file.
_FIELDS = {"from": "from_level", "to": "to_level"}
_KEYS = {field: key for key, field in _FIELDS.items()}
# Keys of a claim that have no meaning without another one.
_NEEDS = {
    "rank": "of_class",
    "taken_for": "of_class",
    "from_level": "factor",
    "to_level": "factor",
    "at": "factor",
    "than_at": "factor",
}
_MEANING = {
    "of_class": "That is the class it is about.",
    "factor": "That is the factor whose effect it states.",
}


def read_claims(
    file: StudyFile,
    factors: tuple[Factor, ...],
    declared: Collection[Metric],
    problems: Problems,
) -> tuple[Claim, ...]:
    """Read all claims, and add an error for each that is incomplete or names what is unknown."""
    claims: list[Claim] = []
    metrics = {name: known.metric for name, known in KNOWN_METRICS.items()}
    metrics |= {metric.name: metric for metric in declared}
    levels = {factor.name: [level.label for level in factor.levels] for factor in factors}
    for i, written in enumerate(file.claims):
        place = ("claims", i)
        claim = _claim(place, written, problems)
        if claim is None:
            continue
        if any(claim.id == other.id for other in claims):
            problems.add((*place, "id"), f"the id '{claim.id}' is given twice.")
        _check_needs(place, claim, problems)
        _check_metric(place, claim, metrics, problems)
        _check_value(place, claim, metrics.get(claim.metric, TEST_ACCURACY), problems)
        _check_effect(place, claim, levels, problems)
        _check_other_levels(place, claim, levels, problems)
        claims.append(claim)
    return tuple(claims)


def check_claims(claims: tuple[Claim, ...], plan: Plan, problems: Problems) -> None:
    """Check that the variants which claims name are in the plan."""
    known = [variant.name for variant in plan.variants]
    for i, claim in enumerate(claims):
        for key in ("variant", "reference"):
            name = getattr(claim, key)
            if name is not None and name not in known and name not in plan.same:
                problems.add(("claims", i, key), *unknown_name("variant", name, known))


def _claim(place: Place, written: Mapping[str, Any], problems: Problems) -> Claim | None:
    fields = {_FIELDS.get(key, key): value for key, value in written.items()}
    for key in _FIELDS.values():
        if key in fields:
            fields[key] = label(fields[key])
    if isinstance(fields.get("value"), list):
        fields["value"] = tuple(fields["value"])
    try:
        return Claim.model_validate(fields)
    except ValidationError as error:
        _add_errors(place, error.errors(), written, problems)
        return None


def _add_errors(
    place: Place, errors: list[ErrorDetails], written: Mapping[str, Any], problems: Problems
) -> None:
    schema = Claim.model_json_schema()
    schema["properties"] = {
        _KEYS.get(field, field): part for field, part in schema["properties"].items()
    }
    # Pydantic has an error for each form that a value could have had: one is enough.
    if any(error["loc"][0] == "value" for error in errors):
        value = format_value(written["value"])
        what = f"expected a number, or a range of two numbers, got {value}."
        problems.add((*place, "value"), what)
    spelt: list[ErrorDetails] = [
        {**error, "loc": tuple(_KEYS.get(str(part), part) for part in error["loc"])}
        for error in errors
        if error["loc"][0] != "value"
    ]
    problems.add_errors(place, spelt, schema)


def _check_needs(place: Place, claim: Claim, problems: Problems) -> None:
    for field, needed in _NEEDS.items():
        if getattr(claim, field) and getattr(claim, needed) is None:
            key = _KEYS.get(field, field)
            problems.add((*place, key), f"'{key}' needs '{needed}'.", _MEANING[needed], key=True)
    for key in ("rank", "taken_for"):
        if getattr(claim, key) and claim.compares:
            what = f"'{key}' is about one variant, not about an effect."
            problems.add((*place, key), what, "Name it under 'variant' alone.", key=True)


def _check_metric(
    place: Place, claim: Claim, known: Mapping[str, Metric], problems: Problems
) -> None:
    """Check that a claim states something, and that there is such a metric."""
    # It imports SciPy, which studies without claims can do without.
    from cnn_ablate.claims import OF_CLASS, OUTCOMES  # noqa: PLC0415

    if claim.metric not in known:
        problems.add((*place, "metric"), *unknown_name("metric", claim.metric, known))
    elif "_to_" in claim.metric and claim.threshold is None:
        problems.add(place, f"{claim.metric} needs a 'threshold'.")
    elif (claim.of_class or claim.rank) and claim.metric not in OF_CLASS:
        problems.add((*place, "metric"), *unknown_name("metric of a class", claim.metric, OF_CLASS))
    elif claim.metric.startswith("class_") and claim.of_class is None:
        what = f"{claim.metric} needs 'of_class'."
        problems.add((*place, "metric"), what, _MEANING["of_class"])
    if claim.metric in OUTCOMES and claim.effect not in {"higher", "lower"}:
        hint = "Say that it is 'higher' or 'lower', than a reference or than a 'value'."
        problems.add(place, f"{claim.metric} needs an 'effect'.", hint)
    elif claim.metric in OUTCOMES and claim.compares and claim.value is not None:
        what = f"of a {claim.metric} the direction alone is compared, not its size."
        problems.add((*place, "value"), what, "Leave 'value' out.")
    if claim.is_empty:
        hint = "Give a 'value', or an 'effect' of a 'factor' or against a 'reference'."
        problems.add(place, "it claims neither a number nor a direction.", hint)


def _check_value(place: Place, claim: Claim, metric: Metric, problems: Problems) -> None:
    """Check that accuracies are fractions, and that a range is one of a single variant."""
    at = (*place, "value")
    low, high = claim.bounds
    if high > 1 and not claim.compares and metric.is_fraction:
        given = [_shortest(end) for end in dict.fromkeys(claim.bounds)]
        fractions = [_shortest(Decimal(repr(end)) / 100) for end in dict.fromkeys(claim.bounds)]
        per_cent, written = (ends if len(ends) > 1 else ends[0] for ends in (given, fractions))
        hint = f"{per_cent} looks like per cent; write {written}."
        problems.add(at, f"{claim.metric} is a fraction, at most 1.", hint)
    if isinstance(claim.value, tuple):
        if low >= high:
            problems.add(at, "a range goes from a lower to a higher number.")
        if claim.compares or claim.effect:
            what = "a range is that of a number, not of a limit or an effect."
            problems.add(at, what, "Give one number.")
        if claim.decimals is not None:
            problems.add((*place, "decimals"), "a range has no 'decimals': it is exact.", key=True)


def _shortest(number: float | Decimal) -> float | int:
    """Return a whole number as an integer, which is printed without a decimal point."""
    return int(number) if number == int(number) else float(number)


def _check_effect(
    place: Place, claim: Claim, levels: Mapping[str, list[str]], problems: Problems
) -> None:
    """Check the factor whose effect is claimed, and the two levels that are compared."""
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


def _check_other_levels(
    place: Place, claim: Claim, levels: Mapping[str, list[str]], problems: Problems
) -> None:
    """Check the levels of other factors at which the effect is claimed."""
    for key, levels_there in (("at", claim.at), ("than_at", claim.than_at)):
        for name, level in levels_there.items():
            where = (*place, key, name)
            if name == claim.factor:
                hint = "Its levels are given by 'from' and 'to'."
                problems.add(where, "the effect is that of this very factor.", hint, key=True)
            elif name not in levels:
                problems.add(where, *unknown_name("factor", name, levels), key=True)
            elif label(level) not in levels[name]:
                problems.add(where, *unknown_name(f"level of {name}", label(level), levels[name]))
