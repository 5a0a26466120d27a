"""Sentences about wrong values: what was expected, what was found, what may have been meant."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic_core import ErrorDetails


def unknown(kind: str, name: object, known: Collection[str]) -> tuple[str, str]:
    """Say that a name is unknown, and as a hint the nearest known one and all of them."""
    near = get_close_matches(str(name), known, n=1) or get_close_matches(
        str(name).lower(), known, n=1, cutoff=0.5
    )
    guess = f"Did you mean '{near[0]}'? " if near else ""
    return f"unknown {kind} {shown(name)}.", f"{guess}Known: {', '.join(sorted(known))}."


def worded(error: ErrorDetails, schema: Mapping[str, Any]) -> tuple[str, str]:
    """Turn one of Pydantic's errors into a sentence and a hint.

    Args:
        error: One of `ValidationError.errors()`.
        schema: The JSON schema of the model that was validated.
    """
    context = error.get("ctx", {})
    if error["type"] == "unknown_name":
        return unknown(context["kind"], error["input"], context["known"])
    if error["type"] == "extra_forbidden":
        return unknown("key", error["loc"][-1], _properties(schema, error["loc"][:-1]))
    if error["type"] == "missing":
        return f"the key '{error['loc'][-1]}' is missing.", ""
    if error["type"] in {"value_error", "assertion_error"}:
        return f"{str(context['error']).rstrip('.')}.", ""
    expectation = expected(_descend(schema, error["loc"]), schema)
    if not expectation:
        return f"{error['msg'].rstrip('.')}, got {shown(error['input'])}.", ""
    return f"expected {expectation}, got {shown(error['input'])}.", ""


def shown(value: object) -> str:
    """Show a value of the user's briefly, as YAML would write it."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "nothing"}[value]
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def expected(part: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    """Describe in words what a JSON schema accepts; nothing where it says too little."""
    part = _resolved(part, root)
    if "enum" in part:
        return f"one of {', '.join(map(str, part['enum']))}"
    if "anyOf" in part:
        return " or ".join(filter(None, (expected(option, root) for option in part["anyOf"])))
    words = {
        "boolean": "true or false",
        "integer": "a whole number",
        "number": "a number",
        "string": "a text",
        "array": "a list",
        "object": "a mapping",
        "null": "nothing",
    }
    return words.get(part.get("type", ""), "") + _limits(part)


def _limits(part: Mapping[str, Any]) -> str:
    if "minimum" in part and "maximum" in part:
        return f" from {part['minimum']:,} to {part['maximum']:,}"
    limits = {
        "exclusiveMinimum": "above",
        "minimum": "of at least",
        "exclusiveMaximum": "below",
        "maximum": "of at most",
    }
    said = [f"{words} {part[name]:,}" for name, words in limits.items() if name in part]
    return f" {' and '.join(said)}" if said else ""


def _descend(schema: Mapping[str, Any], loc: tuple[int | str, ...]) -> Mapping[str, Any]:
    part = schema
    for name in loc:
        options = [_resolved(option, schema) for option in (part, *part.get("anyOf", ()))]
        if isinstance(name, int):
            part = next((option["items"] for option in options if "items" in option), {})
        else:
            part = next(filter(None, (_under(option, name) for option in options)), part)
    return part


def _under(part: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Give what a mapping may have under a name, if it says so."""
    found = _named(part).get(name) or part.get("additionalProperties")
    return found if isinstance(found, Mapping) else {}


def _named(part: Mapping[str, Any]) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = part.get("properties", {})
    return properties


def _properties(schema: Mapping[str, Any], loc: tuple[int | str, ...]) -> Collection[str]:
    part = _resolved(_descend(schema, loc), schema)
    return list(part.get("properties", {}))


def _resolved(part: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in part:
        part = root.get("$defs", {}).get(part["$ref"].rpartition("/")[2], {})
    return part
