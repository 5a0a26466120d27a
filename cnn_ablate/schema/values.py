"""The base class of all values, and the two forms of settings: by section, and by dotted key."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

# {section: {key: value}}, for instance {"model": {"name": "cnnnet", "attention": "cbam"}}. Where
# keys are free, a value outside of any section is a section with the key "", and deeper keys are
# joined by dots.
Settings = Mapping[str, Mapping[str, Any]]
# {dotted key: value}, for instance {"model.attention": "cbam"}.
Overrides = Mapping[str, Any]
# The key, beside the name of user-defined code, that holds the SHA-256 of its source.
SOURCE_KEY = "sha256"
# Made once: json.dumps makes one per call, which takes as long as encoding a few values.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


class Frozen(BaseModel):
    """A value: immutable, without unknown fields, without conversion between types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def label(value: Any) -> str:
    """Return a value as tables and reports show it: `true`, `0.001`, `crop+cutout(size=8)`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        shown = {key: part for key, part in value.items() if key not in {"name", SOURCE_KEY}}
        knobs = ",".join(f"{key}={label(part)}" for key, part in shown.items())
        return f"{value.get('name', '')}({knobs})" if knobs else str(value.get("name", ""))
    if isinstance(value, (list, tuple)):
        return "+".join(label(part) for part in value) or "none"
    return "none" if value is None else str(value)


def canonical(value: Any) -> str:
    """Return a value as JSON, equal for equal values; trial ids are hashes of it."""
    return _CANONICAL.encode(value)


def with_overrides(settings: Settings, overrides: Overrides) -> dict[str, dict[str, Any]]:
    """Return the settings with some dotted keys replaced."""
    result = {section: dict(values) for section, values in settings.items()}
    for name, value in overrides.items():
        section, _, key = name.partition(".")
        result.setdefault(section, {})[key] = value
    return result


def dotted(section: str, key: str) -> str:
    """Return the dotted key of a value."""
    return f"{section}.{key}" if key else section


class Difference(NamedTuple):
    """A dotted key with two values, None where settings lack it, and whether both have it."""

    key: str
    old: Any
    new: Any
    in_both: bool


def differences(old: Settings, new: Settings) -> Iterator[Difference]:
    """Yield the dotted keys in which two settings differ, in the order of their sections."""
    for section in dict.fromkeys([*old, *new]):
        before, after = old.get(section, {}), new.get(section, {})
        if before == after:
            continue
        for key in dict.fromkeys([*before, *after]):
            if before.get(key) != after.get(key):
                in_both = key in before and key in after
                yield Difference(dotted(section, key), before.get(key), after.get(key), in_both)


def value_at(settings: Settings, name: str, default: Any = None) -> Any:
    """Return the value at a dotted key."""
    section, _, key = name.partition(".")
    return settings.get(section, {}).get(key, default)


def timestamp() -> str:
    """Return the current time in UTC, to the second, in ISO 8601 format."""
    return datetime.now(UTC).isoformat(timespec="seconds")
