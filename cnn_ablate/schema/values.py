"""What all values share, and the two shapes in which settings travel."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

# {section: {key: value}}, for instance {"model": {"name": "cnnnet", "attention": "cbam"}}.
Settings = Mapping[str, Mapping[str, Any]]
# {dotted key: value}, for instance {"model.attention": "cbam"}.
Overrides = Mapping[str, Any]
# Key of something of the user's that its name decides: the SHA-256 of its source.
SOURCE_KEY = "sha256"


class Frozen(BaseModel):
    """A value: cannot be changed, knows all its fields, takes no text for a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def label(value: Any) -> str:
    """Name a value as tables and reports show it: `true`, `0.001`, `crop+cutout(size=8)`."""
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
    """Write a value so that equal values are equal texts; part of every trial's identity."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def replaced(settings: Settings, overrides: Overrides) -> dict[str, dict[str, Any]]:
    """Give the settings with some dotted keys replaced."""
    result = {section: dict(values) for section, values in settings.items()}
    for dotted, value in overrides.items():
        section, _, key = dotted.partition(".")
        result.setdefault(section, {})[key] = value
    return result


def looked_up(settings: Settings, dotted: str, default: Any = None) -> Any:
    """Give the value at a dotted key."""
    section, _, key = dotted.partition(".")
    return settings.get(section, {}).get(key, default)
