"""Generate the JSON Schema of study files, with which editors complete and check them.

It is of draft 7, which the YAML servers of editors support, and checks each place by itself: rules
between places (a claim's variant exists) are left to `cnn-ablate plan`.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, get_args

from cnn_ablate.metrics import KNOWN_METRICS
from cnn_ablate.options import Options
from cnn_ablate.schema import SOURCE_KEY, Claim, DesignKind
from cnn_ablate.settings import CUSTOM, DEFAULT_NAMES, TABLES, known_keys
from cnn_ablate.study.external_trainer import IMPORTED, TrainerFile
from cnn_ablate.study.file_model import StudyFile
from cnn_ablate.study.profiles import SEEDS

Schema = dict[str, Any]

_IMPORT_PATH: Schema = {"type": "string", "pattern": r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"}
_CUSTOM_ENTRY: Schema = {
    "type": "object",
    "properties": {"name": _IMPORT_PATH},
    "required": ["name"],
}


def json_schema() -> Schema:
    """Return the schema of study files."""
    file = _plain(StudyFile.model_json_schema())
    properties = file["properties"]
    properties["trainer"] |= _trainer()
    properties["baseline"].pop("additionalProperties")
    properties["factors"] |= {"minProperties": 1, "additionalProperties": _levels()}
    properties["design"] |= {"anyOf": [_design(), {"type": "array", "items": _design()}]}
    properties["exclude"]["items"] = {"type": "object", "minProperties": 1}
    properties["profiles"]["propertyNames"] = {"pattern": properties["study"]["pattern"]}
    seeds = {"properties": {key: properties[key] for key in SEEDS}}
    properties["profiles"]["additionalProperties"] = {"type": "object", **seeds}
    properties["claims"]["items"] = _claim()
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A study of cnn-ablate",
        **file,
        "if": {"required": ["trainer"]},
        "else": {
            "properties": _own_properties(),
            "if": _uses_custom_code(),
            "then": {"properties": _restrict_keys(_keys(open_to=CUSTOM))},
            "else": {"properties": _restrict_keys(_keys())},
        },
        "allOf": [{"if": {"required": ["metrics"]}, "else": {"properties": _known_metrics()}}],
        "$defs": {**file.get("$defs", {}), "values": {"properties": _values()}},
    }


def _trainer() -> Schema:
    return {"anyOf": [{"const": IMPORTED}, _plain(TrainerFile.model_json_schema())]}


def _own_properties() -> dict[str, Schema]:
    """Return what holds if this program trains, whose keys are known."""
    values: Schema = {"allOf": [{"$ref": "#/$defs/values"}]}
    return {
        "baseline": _baseline(),
        "factors": {"properties": {key: _levels(key) for key in known_keys()}},
        "design": _own_design(values),
        "profiles": {"propertyNames": {"not": {"const": "smoke"}}, "additionalProperties": values},
    }


def _own_design(values: Schema) -> Schema:
    listed: Schema = {"properties": {"list": {"additionalProperties": values}}}
    return {**listed, "items": listed}


def _baseline() -> Schema:
    return {
        "properties": {section: _section(section) for section in TABLES},
        "required": [section for section in CUSTOM if section not in DEFAULT_NAMES],
        "additionalProperties": False,
    }


def _section(section: str) -> Schema:
    """Return the schema of a section: its `name` decides which knobs are checked.

    Knobs of other entries are allowed, since a factor may select those entries.
    """
    table = TABLES[section]
    if "" in table:
        return _entry(table[""])
    knobs = [*dict.fromkeys(knob for entry in table.values() for knob in _knobs(entry))]
    closed: Schema = {"propertyNames": {"enum": ["name", *knobs]}}
    return {
        "type": "object",
        "properties": {"name": _name(section)},
        "required": [] if section in DEFAULT_NAMES else ["name"],
        "allOf": [
            *(
                {"if": _has_name(section, name), "then": _knob_values(section, table[name])}
                for name in table
            ),
            {"if": _CUSTOM_ENTRY, "else": closed} if section in CUSTOM else closed,
        ],
    }


def _name(section: str) -> Schema:
    known: list[Schema] = [
        {"const": name, "description": _summary(entry)} for name, entry in TABLES[section].items()
    ]
    default = {"default": DEFAULT_NAMES[section]} if section in DEFAULT_NAMES else {}
    return {"anyOf": [*known, *([_IMPORT_PATH] if section in CUSTOM else [])], **default}


def _has_name(section: str, name: str) -> Schema:
    """Return a condition: the section has this name, or no name if it is the default."""
    is_default = DEFAULT_NAMES.get(section) == name
    required = {} if is_default else {"required": ["name"]}
    return {"properties": {"name": {"const": name}}, **required}


def _knob_values(section: str, entry: type[Options]) -> Schema:
    knobs = _knobs(entry).items()
    return {"properties": {knob: _shared(f"{section}.{knob}", schema) for knob, schema in knobs}}


def _shared(key: str, schema: Schema) -> Schema:
    """Return a reference to the shared schema of a dotted key, if all entries with it agree."""
    return _value(key) if _values()[key] == schema else schema


def _value(key: str) -> Schema:
    return {"$ref": f"#/$defs/values/properties/{key}"}


def _entry(entry: type[Options]) -> Schema:
    return {"type": "object", "properties": _knobs(entry), "additionalProperties": False}


def _summary(entry: type[Options]) -> str:
    return (entry.__doc__ or "").partition("\n")[0]


def _knobs(entry: type[Options]) -> dict[str, Schema]:
    properties: dict[str, Schema] = _plain(entry.model_json_schema())["properties"]
    return {knob: _with_custom(knob, properties[knob]) for knob in properties if knob != SOURCE_KEY}


def _with_custom(knob: str, schema: Schema) -> Schema:
    """Return the schema of a knob; a list of augmentations also takes user-defined ones."""
    if knob != "augment":
        return schema
    return {**schema, "items": {"anyOf": [*schema["items"]["oneOf"], _IMPORT_PATH, _CUSTOM_ENTRY]}}


@cache
def _values() -> dict[str, Schema]:
    """Return the schema of the value of each dotted key."""
    values = {}
    for section, table in TABLES.items():
        if "" not in table:
            values[f"{section}.name"] = _name(section)
        entries = [_knobs(entry) for entry in table.values()]
        for knob in dict.fromkeys(knob for entry in entries for knob in entry):
            schemas = [entry[knob] for entry in entries if knob in entry]
            distinct = [schema for i, schema in enumerate(schemas) if schema not in schemas[:i]]
            values[f"{section}.{knob}"] = distinct[0] if len(distinct) == 1 else {"anyOf": distinct}
    return values


def _levels(key: str = "") -> Schema:
    """Return the schema of the levels of a dotted key; without one, of any levels."""
    value = _value(key) if key else {}
    by_label = {"type": "object", "minProperties": 1, "additionalProperties": value}
    return {
        "anyOf": [{"type": "array", "minItems": 1, "uniqueItems": True, "items": value}, by_label]
    }


def _design() -> Schema:
    factors: Schema = {"type": "array", "uniqueItems": True, "items": {"type": "string"}}
    resolution = {"type": "integer", "minimum": 3, "maximum": 10, "default": 3}
    fraction = {"resolution": resolution, "factors": {"anyOf": [factors, {"type": "null"}]}}
    kinds: dict[str, Schema] = {kind: {"anyOf": [factors, {"type": "null"}]} for kind in _KINDS}
    kinds["fractional"]["anyOf"] += [
        {"type": "object", "properties": fraction, "additionalProperties": False}
    ]
    start = {
        "type": "string",
        "description": "Variant of this list whose keys this one takes over.",
    }
    kinds["list"] = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"type": "object", "properties": {"from": start}},
    }
    several = {"type": "object", "minProperties": 1, "properties": kinds}
    return {"anyOf": [{"enum": [*_KINDS]}, {**several, "additionalProperties": False}]}


_KINDS: tuple[str, ...] = get_args(DesignKind)


def _claim() -> Schema:
    claim = _plain(Claim.model_json_schema())
    properties = claim["properties"]
    for old, new in (("from_level", "from"), ("to_level", "to")):
        properties[new] = {"description": properties.pop(old)["description"]}
    return {**claim, "type": "object"}


def _known_metrics() -> dict[str, Schema]:
    """Return the schemas of the places that name metrics, in a study that describes none."""
    leading = {"enum": [name for name, known in KNOWN_METRICS.items() if known.may_lead]}
    claimed = {"properties": {"metric": {"enum": [*KNOWN_METRICS]}}}
    return {"metric": leading, "also": {"items": leading}, "claims": {"items": claimed}}


def _uses_custom_code() -> Schema:
    """Return a condition: the baseline or a factor names user-defined code."""
    conditions: Iterator[Schema] = (
        condition
        for section in CUSTOM
        for condition in (
            _within("baseline", _within(section, _CUSTOM_ENTRY)),
            _within(
                "factors", _within(f"{section}.name", {"contains": _IMPORT_PATH, "type": "array"})
            ),
        )
    )
    return {"anyOf": [*conditions]}


def _within(key: str, schema: Schema) -> Schema:
    return {"type": "object", "properties": {key: schema}, "required": [key]}


def _keys(open_to: Iterable[str] = ()) -> Schema:
    return {"anyOf": [{"enum": [*known_keys()]}, *({"pattern": rf"^{s}\."} for s in open_to)]}


def _restrict_keys(keys: Schema) -> dict[str, Schema]:
    """Return the schemas of the parts that set dotted keys, restricted to these keys."""
    bundle: Schema = {"type": "object", "additionalProperties": {"propertyNames": keys}}
    undotted: Schema = {"pattern": r"^[^.]+$"}
    entries = {"additionalProperties": {"propertyNames": _or(keys, {"const": "from"})}}
    design: Schema = {"properties": {"list": entries}}
    return {
        "factors": {
            "propertyNames": _or(keys, undotted),
            "patternProperties": {r"^[^.]+$": bundle},
        },
        "design": {**design, "items": design},
        "profiles": {"additionalProperties": {"propertyNames": _or(keys, {"enum": [*SEEDS]})}},
    }


def _or(*options: Schema) -> Schema:
    return {"anyOf": [*options]}


def _plain(schema: Any) -> Any:
    """Return a schema of Pydantic's without internal keys, with tuples as in draft 7."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    kept = {key: _plain(part) for key, part in schema.items() if not _is_internal(key, part)}
    if "prefixItems" in kept:
        kept["items"] = kept.pop("prefixItems")
    return kept


def _is_internal(key: str, part: Any) -> bool:
    return key in {"needs", "unless", "added_later"} or (key == "title" and isinstance(part, str))
