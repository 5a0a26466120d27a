"""Resolve settings as written to their complete canonical form.

Defaults are filled in, and a key that cannot matter is left out.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError

from cnn_ablate.custom import is_import_path
from cnn_ablate.data import DataSet
from cnn_ablate.errors import UserError
from cnn_ablate.options import Options
from cnn_ablate.schema import SOURCE_KEY, Settings
from cnn_ablate.settings.keys import Keys
from cnn_ablate.settings.sections import DEFAULT_NAMES, TABLES, entry_of, knobs_of
from cnn_ablate.settings.setting_faults import SettingFault, unknown_entry, validation_faults
from cnn_ablate.value_errors import unknown_name

# Made once: json.dumps makes one per call.
_AS_TEXT = json.JSONEncoder(default=str)

Resolved = tuple[dict[str, Any], list[SettingFault]]
"""The complete values of a section, and its faults."""


def resolve(written: Settings) -> dict[str, dict[str, Any]]:
    """Return the complete canonical settings.

    Raises:
        UserError: the settings are invalid; for instance two levels that exclude each other.
    """
    settings, faults = resolve_with_faults(written)
    for fault in faults:
        raise fault.as_error()
    return settings


def resolve_with_faults(
    written: Settings, keys: Keys | None = None
) -> tuple[dict[str, dict[str, Any]], list[SettingFault]]:
    """Check settings and fill in their defaults.

    Args:
        written: By section.
        keys: The keys that may be written; without them, other keys are dropped unchecked.

    Returns:
        The complete canonical settings, without keys that cannot matter (a knob of another entry,
        an option of a part that is off), and all faults.
    """
    settings, faults = {}, []
    for section in TABLES:
        settings[section], found = _resolve_section(section, written.get(section, {}), keys)
        faults += found
    return settings, faults or _conflicts(settings)


def identity(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return what a trial's id covers of complete settings.

    Knobs that were added later are left out at their default, so that ids survive an upgrade.
    """
    return {
        section: entry_of(section, values.get("name", "")).identity(values)
        for section, values in settings.items()
    }


def _conflicts(settings: Settings) -> list[SettingFault]:
    """Return what is wrong between sections that are valid by themselves."""
    data = settings["data"]
    entry = entry_of("data", data["name"])
    may_have_val = data["val_fraction"] or (issubclass(entry, DataSet) and entry.may_have_val)
    if settings["training"]["select"] == "best_val" and not may_have_val:
        hint = "Set data.val_fraction."
        what = "best_val needs images to validate on."
        return [SettingFault(("training", "select"), what, hint)]
    return []


def _resolve_section(section: str, values: Any, keys: Keys | None) -> Resolved:
    if not isinstance(values, Mapping):
        return {}, [SettingFault((section,), "expected a mapping of keys.")]
    name = values.get("name", DEFAULT_NAMES.get(section, ""))
    try:
        entry = entry_of(section, name)
    except (KeyError, TypeError):
        return {}, [unknown_entry(section, name)]
    except UserError as error:
        what = f"{error.where}: {error.what}"
        return {}, [SettingFault((section, "name"), what, error.hint)]
    knobs = _AS_TEXT.encode({k: v for k, v in values.items() if k != "name"})
    # User-defined augmentations and files of weights may change while their names stay: no cache.
    is_open = _augments_by_users(values) or values.get("weights")
    resolve_knobs = _resolve_knobs.__wrapped__ if is_open else _resolve_knobs
    resolved, faults = resolve_knobs(section, entry, knobs, keys)
    return {**({"name": name} if name else {}), **resolved}, faults


def _augments_by_users(values: Mapping[str, Any]) -> bool:
    steps = values.get("augment")
    if not isinstance(steps, list):
        return False
    return any(
        is_import_path(step.get("name") if isinstance(step, dict) else step) for step in steps
    )


@cache
def _resolve_knobs(section: str, entry: type[Options], written: str, keys: Keys | None) -> Resolved:
    """Resolve the knobs of an entry, given as JSON so that they can be cached."""
    values = json.loads(written)
    takes_any = entry.model_config["extra"] == "allow"
    faults = [
        SettingFault((section, key), *unknown_name("key", key, knobs_of(entry)), of_key=True)
        for key in values
        if keys is not None and f"{section}.{key}" not in keys
    ]
    known = {k: v for k, v in values.items() if takes_any or k in entry.model_fields}
    if keys is not None:
        known.pop(SOURCE_KEY, None)
    try:
        options = entry.model_validate(known)
    except ValidationError as error:
        return {}, [*faults, *validation_faults(section, entry, error)]
    return json.loads(json.dumps(options.settings())), faults
