"""Collect every error of a study file with its place, and raise them together."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cnn_ablate.custom import is_import_path
from cnn_ablate.errors import UserError
from cnn_ablate.schema import Overrides, Settings, with_overrides
from cnn_ablate.settings import (
    CUSTOM,
    TABLES,
    Keys,
    free_keys,
    known_keys,
    resolve_with_faults,
    sections,
)
from cnn_ablate.study.source import Place, Source, format_place
from cnn_ablate.value_errors import Schema, explain_errors, unknown_name


class Problems:
    """The errors found so far in a file, and the dotted keys that it may use."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.errors: list[tuple[tuple[int, int], UserError]] = []
        self.is_free = is_free(source.values)
        self.known = _known(source.values, free=self.is_free)

    def add(self, place: Place, what: str, hint: str = "", *, key: bool = False) -> None:
        """Add an error about the value (or the key) at a place."""
        mark = self.source.mark(place, key=key)
        where = ":".join(map(str, (self.source.name, *mark)))
        where = f"{where}: {format_place(place)}".rstrip(": ")
        self.errors.append((mark, UserError(where, what, hint)))

    def raise_all(self) -> None:
        """Raise all errors, if there are any, in the order of the file."""
        if self.errors:
            errors = [error for _, error in sorted(self.errors, key=lambda pair: pair[0])]
            raise ExceptionGroup(f"{len(errors)} problems", errors)

    def add_validation(self, place: Place, error: ValidationError, model: type[BaseModel]) -> None:
        """Add all that Pydantic found wrong with the values at a place."""
        self.add_errors(place, untagged(error), model.model_json_schema())

    def add_errors(self, place: Place, errors: Iterable[ErrorDetails], schema: Schema) -> None:
        """Add errors that Pydantic found with the values at a place, which have a JSON schema."""
        for loc, what, hint, of_key in explain_errors(errors, schema):
            self.add((*place, *loc), what, hint, key=of_key)

    def add_unknown_keys(self, keys: Iterable[str], places: Mapping[str, Place]) -> bool:
        """Add an error per unknown dotted key, and return whether there is any."""
        unknown = [key for key in keys if key not in self.known]
        for key in unknown:
            self.add(places[key], *unknown_key(key, self.known, free=self.is_free), key=True)
        return bool(unknown)

    def add_faults(self, written: Settings, sets: Overrides, places: Mapping[str, Place]) -> None:
        """Add the faults that replacing some keys brings into settings.

        Args:
            written: The baseline as written.
            sets: Dotted keys and their new values.
            places: The place of each of these keys in the file.
        """
        if self.add_unknown_keys(sets, places) or self.is_free:
            return
        before = set(resolve_with_faults(written, self.known)[1])
        for fault in resolve_with_faults(with_overrides(written, sets), self.known)[1]:
            if fault not in before:
                dotted = ".".join(map(str, fault.place[:2]))
                first = next(iter(places.values()))
                place = (*places[dotted], *fault.place[2:]) if dotted in places else first
                self.add(place, fault.what, fault.hint, key=fault.of_key)


def untagged(error: ValidationError) -> list[ErrorDetails]:
    """Return errors at places of the file: without a `(tag)` for the form of a value."""
    details = error.errors()
    for detail in details:
        detail["loc"] = tuple(part for part in detail["loc"] if not str(part).startswith("("))
    return details


def unknown_key(key: str, known: Iterable[str], *, free: bool = False) -> tuple[str, str]:
    """Return the message and the hint for an unknown dotted key: the keys of its section."""
    section = key.partition(".")[0]
    near = [name for name in known if name.startswith(f"{section}.")]
    return unknown_name("key", key, near or ([*known] if free else [*TABLES]))


def is_free(values: Any) -> bool:
    """Return whether the keys of a study file are free, since something else trains."""
    return isinstance(values, Mapping) and values.get("trainer") is not None


def _known(values: Any, *, free: bool) -> Keys:
    if not free:
        return known_keys({section: _entries(values, section) for section in CUSTOM})
    baseline = values.get("baseline")
    return free_keys(sections(baseline) if isinstance(baseline, Mapping) else {})


def _entries(values: Any, section: str) -> list[str]:
    """Return the entries that a study file names for a section; none if all are built in."""
    names = [str(name) for name in _entry_names(values, section)]
    return names if any(map(is_import_path, names)) else []


def _entry_names(values: Any, section: str, key: str = "") -> Iterator[Any]:
    """Yield the names of a section's entries, anywhere in a study file (factors, profiles ...)."""
    dotted = f"{section}.name"
    if isinstance(values, Mapping):
        for name, value in values.items():
            is_name = key == dotted or (key == section and name == "name")
            yield from _entry_names(value, section, dotted if is_name else str(name))
    elif isinstance(values, list):
        for value in values:
            yield from _entry_names(value, section, key)
    elif key == dotted:
        yield values
