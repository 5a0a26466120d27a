"""What can be wrong with one setting."""

from dataclasses import dataclass

from pydantic import ValidationError

from cnn_ablate.errors import UserError
from cnn_ablate.options import Options
from cnn_ablate.settings.sections import CUSTOM, TABLES
from cnn_ablate.value_errors import explain_errors, unknown_name

_KINDS = {"data": "data set", "model": "model"}


@dataclass(frozen=True)
class SettingFault:
    """A sentence about a setting at `(section, key, ...)`, or about a whole `(section,)`."""

    place: tuple[str | int, ...]
    what: str
    hint: str = ""
    of_key: bool = False

    def as_error(self) -> UserError:
        """Return it as an exception that names the dotted key."""
        return UserError(".".join(map(str, self.place)), self.what, self.hint)


def unknown_entry(section: str, name: object) -> SettingFault:
    """Return the fault of a section whose name is missing or not in its table."""
    if name == "":
        known = f"Known: {', '.join(sorted(TABLES[section]))}."
        return SettingFault((section,), "the key 'name' is missing.", known)
    kind = _KINDS.get(section, section)
    what, hint = unknown_name(kind, name, TABLES[section])
    if section in CUSTOM:
        hint += f" A {kind} of your own is named package.module:Name."
    return SettingFault((section, "name"), what, hint)


def validation_faults(
    section: str, entry: type[Options], error: ValidationError
) -> list[SettingFault]:
    """Return a fault per error that Pydantic found in the knobs of an entry."""
    schema, advice = entry.model_json_schema(), entry.advice_on_missing()
    return [
        SettingFault((section, *loc), what, hint, of_key)
        for loc, what, hint, of_key in explain_errors(error.errors(), schema, advice)
    ]
