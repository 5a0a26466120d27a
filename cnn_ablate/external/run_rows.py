"""A run of another program as a row of a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RunRow:
    """A run: its name, its settings by dotted key, with its seed and status, and its metrics."""

    name: str
    settings: Mapping[str, Any]
    metrics: Mapping[str, Any]


def flattened(values: Mapping[str, Any], start: str = "") -> dict[str, Any]:
    """Return nested mappings by dotted key."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{start}{key}"
        flat |= flattened(value, f"{name}.") if isinstance(value, dict) and value else {name: value}
    return flat
