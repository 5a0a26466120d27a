"""The dotted keys (`section.knob`) that a study may set."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cnn_ablate.errors import UserError
from cnn_ablate.options import Options
from cnn_ablate.settings.sections import TABLES, entry_of, knobs_of


@dataclass(frozen=True)
class Keys(Collection[str]):
    """Known dotted keys, and the sections whose user-defined entry accepts any key."""

    names: tuple[str, ...]
    open: tuple[str, ...] = ()

    def __contains__(self, key: object) -> bool:
        return key in self.names or str(key).partition(".")[0] in self.open

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def known_keys(named: Mapping[str, Sequence[str]] | None = None) -> Keys:
    """Return every dotted key that some entry of some table has.

    Args:
        named: By section, the entries that a study names, if some of them are user-defined: the
            section then has the knobs of these entries only.
    """
    entries = {section: list(table.values()) for section, table in TABLES.items()}
    is_open = []
    for section, names in (named or {}).items():
        options = [_importable(section, name) for name in names]
        if options:
            entries[section] = [entry for entry in options if entry]
        if any(not entry or entry.model_config["extra"] == "allow" for entry in options):
            is_open.append(section)
    knobs = {s: [*([] if "" in TABLES[s] else ["name"]), *knobs_of(*entries[s])] for s in TABLES}
    keys = (f"{section}.{knob}" for section in knobs for knob in knobs[section])
    return Keys(tuple(keys), tuple(is_open))


def _importable(section: str, name: str) -> type[Options] | None:
    try:
        return entry_of(section, name)
    except (KeyError, UserError):
        return None
