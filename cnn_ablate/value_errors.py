"""Error messages about wrong values: what was expected, what was found, and the nearest match."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic_core import ErrorDetails

from cnn_ablate.errors import UserError
from cnn_ablate.text import listed

Schema = Mapping[str, Any]
_TYPES = {"bool", "int", "float", "str", "none"}


def unknown_name(kind: str, name: object, known: Collection[str]) -> tuple[str, str]:
    """Return the message for an unknown name, and a hint: the nearest known name and all names."""
    near = get_close_matches(str(name), known, n=1) or get_close_matches(
        str(name).lower(), known, n=1, cutoff=0.5
    )
    guess = f"Did you mean '{near[0]}'? " if near else ""
    return f"unknown {kind} {format_value(name)}.", f"{guess}Known: {', '.join(sorted(known))}."


class Explained(NamedTuple):
    """An error at a location: what is wrong, a hint, and whether it is the key that is wrong."""

    loc: tuple[int | str, ...]
    what: str
    hint: str = ""
    of_key: bool = False


def explain_errors(
    errors: Iterable[ErrorDetails], schema: Schema, advice: str = ""
) -> Iterator[Explained]:
    """Yield what is wrong; all keys that one mapping lacks are one error, at the mapping.

    Args:
        errors: As Pydantic found them.
        schema: The JSON schema of the model that was validated.
        advice: The hint where keys of the model itself are missing.
    """
    missing: dict[tuple[int | str, ...], list[str]] = {}
    for error in errors:
        *above, last = error["loc"] or ("",)
        if error["type"] == "missing":
            missing.setdefault(tuple(above), []).append(f"'{last}'")
        else:
            of_key = error["type"] == "extra_forbidden"
            yield Explained(error["loc"], *explain_error(error, schema), of_key)
    for loc, keys in missing.items():
        one = len(keys) == 1
        lacking = f"the {'key' if one else 'keys'} {listed(keys)} {'is' if one else 'are'} missing."
        yield Explained(loc, lacking, "" if loc else advice)


def explain_error(error: ErrorDetails, schema: Schema) -> tuple[str, str]:
    """Return the message and the hint for one of Pydantic's errors.

    Args:
        error: One of `ValidationError.errors()`.
        schema: The JSON schema of the model that was validated.
    """
    context = error.get("ctx", {})
    if error["type"] == "unknown_name":
        return unknown_name(context["kind"], error["input"], context["known"])
    if error["type"] == "extra_forbidden":
        return unknown_name("key", error["loc"][-1], _keys_at(schema, error["loc"][:-1]))
    if error["type"] in {"value_error", "assertion_error"}:
        return f"{str(context['error']).rstrip('.')}.", ""
    expectation = describe_schema(_subschema(schema, error["loc"]), schema)
    what = f"expected {expectation}" if expectation else error["msg"].rstrip(".")
    return f"{what}, got {format_value(error['input'])}.", ""


def format_value(value: object) -> str:
    """Return a value of a study file in brief, as YAML writes it."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "nothing"}[value]
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def describe_schema(part: Schema, root: Schema) -> str:
    """Return in words what a JSON schema accepts; empty if it does not say."""
    part = _dereference(part, root)
    if "enum" in part:
        return f"one of {', '.join(map(str, part['enum']))}"
    if alternatives := _alternatives(part):
        options = (describe_schema(option, root) for option in alternatives)
        return " or ".join(filter(None, options))
    words = {
        "boolean": "true or false",
        "integer": "a whole number",
        "number": "a number",
        "string": "a string",
        "array": "a list",
        "object": "a mapping",
        "null": "nothing",
    }
    return words.get(part.get("type", ""), "") + _limits(part)


def _limits(part: Schema) -> str:
    if "minimum" in part and "maximum" in part:
        return f" from {part['minimum']:,} to {part['maximum']:,}"
    words = {
        "exclusiveMinimum": "above",
        "minimum": "of at least",
        "exclusiveMaximum": "below",
        "maximum": "of at most",
    }
    limits = [f"{word} {part[name]:,}" for name, word in words.items() if name in part]
    return f" {' and '.join(limits)}" if limits else ""


def _subschema(schema: Schema, loc: tuple[int | str, ...]) -> Schema:
    """Return the schema of the value at a location."""
    part = schema
    for name in loc:
        options = list(_flat(part, schema))
        if isinstance(name, int):
            part = next((option["items"] for option in options if "items" in option), {})
        else:
            # Pydantic also puts the branch of a union into a location: "int", "list[int]", "Looks".
            is_branch = name in _TYPES or not (name.isidentifier() and name.islower())
            unknown = part if is_branch else {}
            part = next(filter(None, (_schema_of_key(option, name) for option in options)), unknown)
    return part


def _alternatives(part: Schema) -> Sequence[Schema]:
    return part.get("anyOf") or part.get("oneOf") or ()


def _flat(part: Schema, root: Schema) -> Iterator[Schema]:
    """Yield a schema and its alternatives, also those of alternatives."""
    part = _dereference(part, root)
    yield part
    for option in _alternatives(part):
        yield from _flat(option, root)


def _schema_of_key(part: Schema, key: str) -> Schema:
    """Return the schema of a mapping's value under a key; empty if there is none."""
    schema = part.get("properties", {}).get(key) or part.get("additionalProperties")
    return schema if isinstance(schema, Mapping) else {}


def _keys_at(schema: Schema, loc: tuple[int | str, ...]) -> Collection[str]:
    options = _flat(_subschema(schema, loc), schema)
    return [key for option in options for key in option.get("properties", {})]


def _dereference(part: Schema, root: Schema) -> Schema:
    while "$ref" in part:
        part = root.get("$defs", {}).get(part["$ref"].rpartition("/")[2], {})
    return part


def not_utf8(error: UnicodeEncodeError) -> UserError:
    """Return the error of a file whose name cannot be stored."""
    name = ascii(error.object.partition("\0")[0])
    return UserError(name, "is not a name in UTF-8.", "Rename it.")
