"""The sections of a baseline joined: which names and knobs they know, and their defaults.

Settings as written become complete and canonical here: a key that cannot matter is not in them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import ValidationError

from cnn_ablate.data import DATASETS, DataSet
from cnn_ablate.errors import UserError
from cnn_ablate.models import MODELS, ModelOptions
from cnn_ablate.optim import (
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    LossOptions,
    OptimizerOptions,
    ScheduleOptions,
)
from cnn_ablate.options import Options
from cnn_ablate.schema import Settings
from cnn_ablate.training import Training
from cnn_ablate.wording import unknown, worded

# Section: its table; `training` has one entry and no name.
TABLES: dict[str, Mapping[str, type[Options]]] = {
    "data": DATASETS,
    "model": MODELS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "loss": LOSSES,
    "training": {"": Training},
}

_DEFAULT_NAMES = {"optimizer": "sgd", "schedule": "constant", "loss": "cross_entropy"}
_KINDS = {"data": "data set", "model": "model"}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a setting, at `(section, key, ...)`, or with a whole `(section,)`."""

    place: tuple[str | int, ...]
    what: str
    hint: str = ""
    of_key: bool = False


@dataclass(frozen=True)
class Parts:
    """The options that a trial's settings choose, ready to build."""

    data: DataSet
    model: ModelOptions
    optimizer: OptimizerOptions
    schedule: ScheduleOptions
    loss: LossOptions
    training: Training


def known_keys() -> list[str]:
    """List every dotted key that some entry of some table has."""
    return [f"{section}.{key}" for section in TABLES for key in _known(section)]


def complete(written: Settings) -> tuple[dict[str, dict[str, Any]], list[Fault]]:
    """Check settings as written, and fill in what they leave out.

    Returns:
        The complete canonical settings, without keys that cannot matter (a knob of another entry,
        an option of a part that is off), and all faults found.
    """
    settings, faults = {}, []
    for section in TABLES:
        completed, found = _completed(section, json.dumps(written.get(section, {}), default=str))
        settings[section] = completed
        faults += found
    return settings, faults


def settle(written: Settings) -> dict[str, dict[str, Any]]:
    """Complete settings that must be right.

    Raises:
        UserError: they are not; for instance two levels that cannot go together.
    """
    settings, faults = complete(written)
    for fault in faults:
        raise UserError(".".join(map(str, fault.place)), fault.what, fault.hint)
    return settings


def parts(settings: Settings) -> Parts:
    """Turn a trial's settings into the options that build its data, network and training."""
    return Parts(**{section: _options(section, settings[section]) for section in TABLES})


def _options(section: str, values: Mapping[str, Any]) -> Any:
    knobs = {key: value for key, value in values.items() if key != "name"}
    return TABLES[section][values.get("name", "")].model_validate(knobs)


@cache
def _known(section: str) -> dict[str, None]:
    entries = TABLES[section].values()
    keys = (key for entry in entries for key in entry.model_fields)
    return dict.fromkeys([*([] if "" in TABLES[section] else ["name"]), *keys])


@cache
def _completed(section: str, written: str) -> tuple[dict[str, Any], list[Fault]]:
    values = json.loads(written)
    if not isinstance(values, dict):
        return {}, [Fault((section,), "expected a mapping of keys.")]
    name = values.pop("name", _DEFAULT_NAMES.get(section, ""))
    if not isinstance(name, str) or name not in TABLES[section]:
        return {}, [_unknown_entry(section, name)]
    entry = TABLES[section][name]
    faults = [
        Fault((section, key), *unknown("key", key, entry.model_fields), of_key=True)
        for key in values
        if key not in _known(section)
    ]
    try:
        options = entry.model_validate({k: v for k, v in values.items() if k in entry.model_fields})
    except ValidationError as error:
        return {}, [*faults, *_faults(section, entry, error)]
    return {**({"name": name} if name else {}), **_plain(options.settings())}, faults


def _unknown_entry(section: str, name: object) -> Fault:
    if name == "":
        known = f"Known: {', '.join(sorted(TABLES[section]))}."
        return Fault((section,), "the key 'name' is missing.", known)
    kind = _KINDS.get(section, section)
    return Fault((section, "name"), *unknown(kind, name, TABLES[section]))


def _faults(section: str, entry: type[Options], error: ValidationError) -> list[Fault]:
    schema = entry.model_json_schema()
    return [Fault((section, *detail["loc"]), *worded(detail, schema)) for detail in error.errors()]


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(values))
    return plain
