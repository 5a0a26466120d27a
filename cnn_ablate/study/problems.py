"""Everything wrong with a study file, collected with its places and raised once."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cnn_ablate.custom import is_import_path
from cnn_ablate.errors import UserError
from cnn_ablate.messages import unknown_name
from cnn_ablate.schema import Overrides, Settings, replaced
from cnn_ablate.settings import CUSTOM, TABLES, known_keys, resolve_with_faults
from cnn_ablate.study.source import Place, Source, spell


class Problems:
    """A list that grows while a file is read."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: list[tuple[tuple[int, int], UserError]] = []
        self.known = known_keys({section: _names(source.values, section) for section in CUSTOM})

    def add(self, place: Place, what: str, hint: str = "", *, key: bool = False) -> None:
        """Note what is wrong with the value (or the key) at a place."""
        mark = self.source.mark(place, key=key)
        where = ":".join(map(str, (self.source.name, *mark)))
        self.found.append((mark, UserError(f"{where}: {spell(place)}".rstrip(": "), what, hint)))

    def raise_all(self) -> None:
        """Raise what was found, in the order of the file."""
        if self.found:
            errors = [error for _, error in sorted(self.found, key=lambda pair: pair[0])]
            raise ExceptionGroup(f"{len(errors)} problems", errors)

    def add_unknown_keys(self, keys: Iterable[str], places: Mapping[str, Place]) -> bool:
        """Note dotted keys that nothing knows; say whether there were any."""
        bad = [key for key in keys if key not in self.known]
        for key in bad:
            self.add(places[key], *unknown_key(key, self.known), key=True)
        return bool(bad)

    def add_faults(self, written: Settings, sets: Overrides, places: Mapping[str, Place]) -> None:
        """Note what replacing some keys breaks that was right before.

        Args:
            written: The baseline as written.
            sets: Dotted keys and their new values.
            places: Where in the file each of these keys stands.
        """
        if self.add_unknown_keys(sets, places):
            return
        before = set(resolve_with_faults(written, self.known)[1])
        for fault in resolve_with_faults(replaced(written, sets), self.known)[1]:
            if fault not in before:
                dotted = ".".join(map(str, fault.place[:2]))
                whole = next(iter(places.values()))
                place = (*places[dotted], *fault.place[2:]) if dotted in places else whole
                self.add(place, fault.what, fault.hint, key=fault.of_key)


def unknown_key(key: str, known: Iterable[str]) -> tuple[str, str]:
    """Say that a dotted key is unknown; those of its section may have been meant."""
    section = key.partition(".")[0]
    near = [name for name in known if name.startswith(f"{section}.")]
    return unknown_name("key", key, near or list(TABLES))


def _names(values: Any, section: str) -> list[str]:
    """Give what a study file names in a section, if something of the user's is among it."""
    names = [str(name) for name in _named(values, section)]
    return names if any(map(is_import_path, names)) else []


def _named(values: Any, section: str, key: str = "") -> Iterator[Any]:
    """Find the names that stand for entries of a section, anywhere in a study file."""
    dotted = f"{section}.name"
    if isinstance(values, Mapping):
        for name, value in values.items():
            within = key == dotted or (key == section and name == "name")
            yield from _named(value, section, dotted if within else str(name))
    elif isinstance(values, list):
        for value in values:
            yield from _named(value, section, key)
    elif key == dotted:
        yield values
