"""Augmentations as the YAML lists them: by name, or by name with knobs."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from cnn_ablate.data.augment import AUGMENTS, Augmentation
from cnn_ablate.options import OneOf

_NAME = TypeAdapter(Annotated[str, OneOf("augmentation", AUGMENTS)])


def read_augment(written: Any) -> Augmentation:
    """Turn `random_crop` or `{name: random_crop, padding: 2}` into the augmentation it means.

    Raises:
        ValueError: it is neither; as Pydantic's ValidationError where a name or a knob is wrong.
    """
    if isinstance(written, Augmentation):
        return written
    knobs = {"name": written} if isinstance(written, str) else written
    if not isinstance(knobs, Mapping) or "name" not in knobs:
        raise ValueError("expected the name of an augmentation, or a mapping with its name")
    entry = AUGMENTS[_NAME.validate_python(knobs["name"], strict=True)]
    knobs = {key: value for key, value in knobs.items() if key != "name"}
    _check_keys(entry.__name__, knobs, known=entry.model_fields)
    return entry.model_validate(knobs)


def _check_keys(title: str, keys: Iterable[str], *, known: Iterable[str]) -> None:
    """Refuse unknown keys with the known ones, which a list's schema could not tell the reader."""
    error = PydanticCustomError(
        "unknown_name", "unknown {kind}", {"kind": "key", "known": ["name", *known]}
    )
    wrong = [InitErrorDetails(type=error, loc=(k,), input=k) for k in keys if k not in known]
    if wrong:
        raise ValidationError.from_exception_data(title, wrong)


def _written(augmentations: Iterable[Augmentation]) -> list[dict[str, Any]]:
    return [{"name": step.name, **step.settings()} for step in augmentations]


def _schema() -> dict[str, Any]:
    options = [
        {
            **entry.model_json_schema(),
            "properties": {"name": {"const": name}, **entry.model_json_schema()["properties"]},
            "required": ["name"],
        }
        for name, entry in AUGMENTS.items()
    ]
    return {"oneOf": [_NAME.json_schema(), *options]}


Augment = Annotated[Augmentation, PlainValidator(read_augment), WithJsonSchema(_schema())]
# In YAML: a list, in the order in which they are applied.
Augments = Annotated[tuple[Augment, ...], Field(strict=False), PlainSerializer(_written)]
