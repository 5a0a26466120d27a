"""The knobs of a table entry: declared once, and so checked, documented and in the schema."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from cnn_ablate.schema import Frozen


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
    **limits: Any,
) -> Any:
    """Declare a field of an options class: its default, its one-line doc, its limits (`gt=0` ...).

    `needs` names the values of other fields without which this one cannot matter, for instance
    `needs={"attention": ("cbam", "se")}`, and `unless` those with which it cannot, for instance
    `unless={"weight_decay": (0.0,)}`; a field that cannot matter stays out of a trial's identity.
    """
    conditions = {"needs": needs, "unless": unless}
    extra: dict[str, Any] = {
        word: {field: [*values] for field, values in condition.items()}
        for word, condition in conditions.items()
        if condition
    }
    return Field(default, description=doc, json_schema_extra=extra or None, **limits)


class Options(Frozen):
    """The knobs of one table entry; each subclass adds a `build`."""

    def settings(self) -> dict[str, Any]:
        """Give the knobs that matter, as plain values: without those that cannot."""
        values = self.model_dump()
        return {name: value for name, value in values.items() if self._matters(name, values)}

    def _matters(self, name: str, values: Mapping[str, Any]) -> bool:
        field = type(self).model_fields.get(name)
        extra: Any = (field and field.json_schema_extra) or {}
        needs: dict[str, list[Any]] = extra.get("needs", {})
        unless: dict[str, list[Any]] = extra.get("unless", {})
        return all(values[field] in allowed for field, allowed in needs.items()) and not any(
            values[field] in inert for field, inert in unless.items()
        )
