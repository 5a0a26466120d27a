"""The knobs of a table entry: declared once, and so checked, documented and in the schema."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from cnn_ablate.schema import Frozen, canonical


@dataclass(frozen=True)
class OneOf:
    """Restrict a text to the names of a table: `Annotated[str, OneOf("attention", TABLE)]`."""

    kind: str
    known: Collection[str]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(core), "enum": sorted(self.known)}

    def check(self, name: str) -> str:
        """Return the name if the table has it, else raise the error that the reader words."""
        if name not in self.known:
            known = sorted(self.known)
            raise PydanticCustomError(
                "unknown_name", "unknown {kind}", {"kind": self.kind, "known": known}
            )
        return name


def knob(
    default: Any,
    doc: str,
    *,
    needs: Mapping[str, tuple[Any, ...]] | None = None,
    unless: Mapping[str, tuple[Any, ...]] | None = None,
    added_later: bool = False,
    **limits: Any,
) -> Any:
    """Declare a field of an options class.

    Args:
        default: Its value where a study says nothing.
        doc: One line.
        needs: Values of other fields without which this one cannot matter, for instance
            `{"attention": ("cbam", "se")}`; a field that cannot matter is no part of a trial's id.
        unless: Values of other fields with which it cannot matter: `{"weight_decay": (0.0,)}`.
        added_later: Whether trials were published before this field existed. Its default must
            then mean what was done before, and at its default it is no part of a trial's id.
        **limits: Of the value, as Pydantic names them (`gt=0`, ...).
    """
    conditions = {"needs": needs, "unless": unless}
    extra: dict[str, Any] = {
        word: {field: [*values] for field, values in condition.items()}
        for word, condition in conditions.items()
        if condition
    }
    if added_later:
        extra["added_later"] = True
    return Field(default, description=doc, json_schema_extra=extra or None, **limits)


class Options(Frozen):
    """The knobs of one table entry; each subclass adds a `build`."""

    model_config = ConfigDict(allow_inf_nan=False)

    def settings(self) -> dict[str, Any]:
        """Return the knobs that matter, as plain values."""
        values = self.model_dump()
        return {name: value for name, value in values.items() if self._matters(name, values)}

    @classmethod
    def advice_on_missing(cls) -> str:
        """Return a hint for a study that lacks keys which have no default; empty if none helps."""
        return ""

    @classmethod
    def identity(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings that are part of a trial's id."""
        later = cls._added_later()
        return {
            name: value
            for name, value in settings.items()
            if name not in later or canonical(value) != later[name]
        }

    @classmethod
    @cache
    def _added_later(cls) -> Mapping[str, str]:
        """Return the canonical default of each knob that was added later."""
        return {
            name: canonical(field.default)
            for name, field in cls.model_fields.items()
            if cls._declared(name).get("added_later")
        }

    @classmethod
    def _matters(cls, name: str, values: Mapping[str, Any]) -> bool:
        needs: dict[str, list[Any]] = cls._declared(name).get("needs", {})
        unless: dict[str, list[Any]] = cls._declared(name).get("unless", {})
        return all(values[field] in allowed for field, allowed in needs.items()) and not any(
            values[field] in inert for field, inert in unless.items()
        )

    @classmethod
    def _declared(cls, name: str) -> dict[str, Any]:
        """Return what `knob` declared of a field beside its default and limits."""
        field = cls.model_fields.get(name)
        extra: Any = (field and field.json_schema_extra) or {}
        return dict(extra)
