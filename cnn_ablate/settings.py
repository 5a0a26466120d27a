"""The sections of a baseline joined: which names and knobs they know, and their defaults.

Settings as written become complete and canonical here: a key that cannot matter is not in them.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import ValidationError

from cnn_ablate.custom import is_users
from cnn_ablate.data import DATASETS, DataSet, user_data
from cnn_ablate.errors import UserError
from cnn_ablate.messages import unknown, worded
from cnn_ablate.models import MODELS, ModelOptions, user_model
from cnn_ablate.optim import (
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    LossOptions,
    OptimizerOptions,
    ScheduleOptions,
)
from cnn_ablate.options import Options
from cnn_ablate.schema import SOURCE_KEY, Settings, canonical
from cnn_ablate.training import Training

# Section: its table; `training` has one entry and no name.
TABLES: dict[str, Mapping[str, type[Options]]] = {
    "data": DATASETS,
    "model": MODELS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "loss": LOSSES,
    "training": {"": Training},
}

# Sections in which a study may name something of the user's by import path.
USERS: dict[str, Callable[[str], type[Options]]] = {"data": user_data, "model": user_model}

# What a section is where it gives no name.
DEFAULT_NAMES = {"optimizer": "sgd", "schedule": "constant", "loss": "cross_entropy"}
_KINDS = {"data": "data set", "model": "model"}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a setting, at `(section, key, ...)`, or with a whole `(section,)`."""

    place: tuple[str | int, ...]
    what: str
    hint: str = ""
    of_key: bool = False


@dataclass(frozen=True)
class TrialOptions:
    """The options that a trial's settings choose, ready to build."""

    data: DataSet
    model: ModelOptions
    optimizer: OptimizerOptions
    schedule: ScheduleOptions
    loss: LossOptions
    training: Training


@dataclass(frozen=True)
class Keys(Collection[str]):
    """The dotted keys that a study may set, and the sections where what is the user's takes any."""

    names: tuple[str, ...]
    open: tuple[str, ...] = ()

    def __contains__(self, key: object) -> bool:
        return key in self.names or str(key).partition(".")[0] in self.open

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def known_keys(named: Mapping[str, Sequence[str]] | None = None) -> Keys:
    """List every dotted key that some entry of some table has.

    Args:
        named: By section, what a study names there if some of it is the user's: then the section
            has the knobs of these alone.
    """
    entries = {section: list(table.values()) for section, table in TABLES.items()}
    is_open = []
    for section, chosen in (named or {}).items():
        found = [_found(section, name) for name in chosen]
        if found:
            entries[section] = [entry for entry in found if entry]
        if any(not entry or entry.model_config["extra"] == "allow" for entry in found):
            is_open.append(section)
    names = {s: [*([] if "" in TABLES[s] else ["name"]), *_knobs(*entries[s])] for s in TABLES}
    keys = (f"{section}.{key}" for section, knobs in names.items() for key in knobs)
    return Keys(tuple(keys), tuple(is_open))


def entry_of(section: str, name: str) -> type[Options]:
    """Give the options that a name chooses in a section.

    Raises:
        KeyError: the section's table has no such name.
        UserError: something of the user's cannot be imported.
    """
    if section in USERS and is_users(name):
        return USERS[section](name)
    return TABLES[section][name]


def complete(
    written: Settings, keys: Keys | None = None
) -> tuple[dict[str, dict[str, Any]], list[Fault]]:
    """Check settings as written, and fill in what they leave out.

    Args:
        written: By section.
        keys: Those that may be written; without them, others are left out unchecked.

    Returns:
        The complete canonical settings, without keys that cannot matter (a knob of another entry,
        an option of a part that is off), and all faults found.
    """
    settings, faults = {}, []
    for section in TABLES:
        completed, found = _section(section, written.get(section, {}), keys)
        settings[section] = completed
        faults += found
    return settings, faults or _crossing(settings)


def _crossing(settings: Settings) -> list[Fault]:
    """Find what is wrong between sections that are right by themselves."""
    if settings["training"]["select"] == "best_val" and not settings["data"]["val_fraction"]:
        hint = "Set data.val_fraction."
        return [Fault(("training", "select"), "best_val needs images to validate on.", hint)]
    return []


def settle(written: Settings) -> dict[str, dict[str, Any]]:
    """Complete settings that must be right.

    Raises:
        UserError: they are not; for instance two levels that cannot go together.
    """
    settings, faults = complete(written)
    for fault in faults:
        raise UserError(".".join(map(str, fault.place)), fault.what, fault.hint)
    return settings


def parts(settings: Settings) -> TrialOptions:
    """Turn a trial's settings into the options that build its data, network and training.

    Raises:
        UserError: something of the user's is not there, or not as it was.
    """
    return TrialOptions(**{section: options_of(section, settings[section]) for section in TABLES})


def options_of(section: str, values: Mapping[str, Any]) -> Any:
    """Turn one section of a trial's settings into the options it chooses; raises as `parts`."""
    knobs = {key: value for key, value in values.items() if key != "name"}
    entry = entry_of(section, values.get("name", ""))
    try:
        return entry.model_validate(knobs)
    except ValidationError as error:
        fault = _faults(section, entry, error)[0]
        raise UserError(".".join(map(str, fault.place)), fault.what, fault.hint) from error


def images_key(section: Mapping[str, Any]) -> str:
    """Write down where a `data` section has its images from.

    What all data sets have in common - how images are split, augmented, normalised - is left out.
    """
    return canonical({key: section[key] for key in section.keys() - DataSet.model_fields.keys()})


def _found(section: str, name: str) -> type[Options] | None:
    try:
        return entry_of(section, name)
    except (KeyError, UserError):
        return None


def _knobs(*entries: type[Options]) -> dict[str, None]:
    keys = (key for entry in entries for key in entry.model_fields)
    return dict.fromkeys(key for key in keys if key != SOURCE_KEY)


def _section(section: str, values: Any, keys: Keys | None) -> tuple[dict[str, Any], list[Fault]]:
    if not isinstance(values, Mapping):
        return {}, [Fault((section,), "expected a mapping of keys.")]
    name = values.get("name", DEFAULT_NAMES.get(section, ""))
    try:
        entry = entry_of(section, name)
    except (KeyError, TypeError):
        return {}, [_unknown_entry(section, name)]
    except UserError as fault:
        return {}, [Fault((section, "name"), f"{fault.where}: {fault.what}", fault.hint)]
    knobs = json.dumps({k: v for k, v in values.items() if k != "name"}, default=str)
    # What the user's own augmentations mean may change while the words stay.
    fill_in = _completed.__wrapped__ if _names_users(values) else _completed
    completed, faults = fill_in(section, entry, knobs, keys)
    return {**({"name": name} if name else {}), **completed}, faults


def _names_users(values: Mapping[str, Any]) -> bool:
    steps = values.get("augment")
    if not isinstance(steps, list):
        return False
    return any(is_users(step.get("name") if isinstance(step, dict) else step) for step in steps)


@cache
def _completed(
    section: str, entry: type[Options], written: str, keys: Keys | None
) -> tuple[dict[str, Any], list[Fault]]:
    values = json.loads(written)
    takes_any = entry.model_config["extra"] == "allow"
    faults = [
        Fault((section, key), *unknown("key", key, _knobs(entry)), of_key=True)
        for key in values
        if keys is not None and f"{section}.{key}" not in keys
    ]
    own = {k: v for k, v in values.items() if takes_any or k in entry.model_fields}
    if keys is not None:
        own.pop(SOURCE_KEY, None)
    try:
        options = entry.model_validate(own)
    except ValidationError as error:
        return {}, [*faults, *_faults(section, entry, error)]
    return _plain(options.settings()), faults


def _unknown_entry(section: str, name: object) -> Fault:
    if name == "":
        known = f"Known: {', '.join(sorted(TABLES[section]))}."
        return Fault((section,), "the key 'name' is missing.", known)
    kind = _KINDS.get(section, section)
    what, hint = unknown(kind, name, TABLES[section])
    if section in USERS:
        hint += f" A {kind} of your own is named package.module:Name."
    return Fault((section, "name"), what, hint)


def _faults(section: str, entry: type[Options], error: ValidationError) -> list[Fault]:
    schema = entry.model_json_schema()
    return [Fault((section, *detail["loc"]), *worded(detail, schema)) for detail in error.errors()]


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(values))
    return plain
