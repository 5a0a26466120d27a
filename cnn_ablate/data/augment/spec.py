"""The specification of augmentations in YAML: a name, or a name with knobs.

A name with a colon is the import path of a user-defined one, `package.module:Name`.
"""

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

from cnn_ablate.custom import is_import_path
from cnn_ablate.data.augment import AUGMENTS, Augmentation
from cnn_ablate.data.augment.custom import user_augmentation_options
from cnn_ablate.errors import UserError
from cnn_ablate.options import OneOf
from cnn_ablate.schema import SOURCE_KEY

_NAME = TypeAdapter(Annotated[str, OneOf("augmentation", AUGMENTS)])


def read_augment(written: Any) -> Augmentation:
    """Return the augmentation that `random_crop` or `{name: random_crop, padding: 2}` specifies.

    Raises:
        ValueError: it is neither; Pydantic's ValidationError if a name or a knob is wrong.
    """
    if isinstance(written, Augmentation):
        return written
    knobs = {"name": written} if isinstance(written, str) else written
    if not isinstance(knobs, Mapping) or "name" not in knobs:
        raise ValueError("expected the name of an augmentation, or a mapping with its name")
    entry = _entry(knobs["name"])
    knobs = {key: value for key, value in knobs.items() if key != "name"}
    if entry.model_config["extra"] != "allow":
        _check_keys(entry.__name__, knobs, known=entry.model_fields)
    return entry.model_validate(knobs)


def _entry(name: Any) -> type[Augmentation]:
    if not is_import_path(name):
        return AUGMENTS[_NAME.validate_python(name, strict=True)]
    try:
        return user_augmentation_options(name)
    except UserError as fault:
        raise ValueError(str(fault)) from fault


def _check_keys(title: str, keys: Iterable[str], *, known: Iterable[str]) -> None:
    """Refuse unknown keys, and list the known ones: the schema of a list does not have them."""
    error = PydanticCustomError(
        "unknown_name",
        "unknown {kind}",
        {"kind": "key", "known": ["name", *(key for key in known if key != SOURCE_KEY)]},
    )
    wrong = [InitErrorDetails(type=error, loc=(k,), input=k) for k in keys if k not in known]
    if wrong:
        raise ValidationError.from_exception_data(title, wrong)


def _written(augmentations: Iterable[Augmentation]) -> list[dict[str, Any]]:
    return [{"name": step.name, **step.identity(step.settings())} for step in augmentations]


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
# In YAML: a list, applied in this order.
Augments = Annotated[tuple[Augment, ...], Field(strict=False), PlainSerializer(_written)]
