"""Settings with free keys: those of a study whose trials something else trains."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cnn_ablate.schema import ExternalTrainer, Settings, dotted, with_overrides
from cnn_ablate.settings.keys import Keys
from cnn_ablate.settings.resolve import identity, resolve

Resolve = Callable[[Settings], dict[str, dict[str, Any]]]


def sections(baseline: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a baseline of any depth by section: keys below a section are joined by dots."""
    return with_overrides({}, dict(_flat(baseline)))


def _flat(values: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        name = f"{start}{key}"
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{name}.")
        else:
            yield name, value


def nested(settings: Settings) -> dict[str, Any]:
    """Return settings as the file has them: each dotted key as a mapping in a mapping."""
    result: dict[str, Any] = {}
    for name, value in by_key(settings).items():
        *parents, last = name.split(".")
        place = result
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return result


def by_key(settings: Settings) -> dict[str, Any]:
    """Return settings by dotted key."""
    return {
        dotted(section, key): value
        for section, values in settings.items()
        for key, value in values.items()
    }


def free_keys(settings: Settings) -> Keys:
    """Return the dotted keys of a baseline: no others may be varied."""
    return Keys(tuple(by_key(settings)))


def resolver(trainer: ExternalTrainer | None) -> Resolve:
    """Return how settings are completed: free ones are complete as they are written."""
    return _copied if trainer else resolve


def identifier(trainer: ExternalTrainer | None) -> Callable[[Settings], Settings]:
    """Return which part of complete settings a trial's id covers: all of free ones."""
    return _copied if trainer else identity


def _copied(settings: Settings) -> dict[str, dict[str, Any]]:
    return {section: dict(values) for section, values in settings.items()}
