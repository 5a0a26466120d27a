"""The JSON Schema of study files, made from what reads them; editors complete and check with it.

It is of draft 7, which editors' YAML servers know, and says only what one place of a file can tell.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, get_args

from cnn_ablate.options import Options
from cnn_ablate.schema import SOURCE_KEY, Claim, DesignKind
from cnn_ablate.settings import CUSTOM, DEFAULT_NAMES, TABLES, known_keys
from cnn_ablate.study.file import StudyFile
from cnn_ablate.study.profiles import SEEDS

Schema = dict[str, Any]

_OWN: Schema = {"type": "string", "pattern": r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"}
_ANY_OWN: Schema = {"type": "object", "properties": {"name": _OWN}, "required": ["name"]}


def json_schema() -> Schema:
    """Give the schema of study files."""
    from cnn_ablate.claims import METRICS  # noqa: PLC0415 - imports SciPy, needed here alone

    file = _plain(StudyFile.model_json_schema())
    properties = file["properties"]
    properties["baseline"] |= _baseline()
    properties["factors"] |= {"minProperties": 1, "additionalProperties": _levels()}
    properties["factors"]["properties"] = {key: _levels(key) for key in known_keys()}
    properties["design"] |= {"anyOf": [_design(), {"type": "array", "items": _design()}]}
    properties["exclude"]["items"] = {"type": "object", "minProperties": 1}
    named = {"pattern": properties["study"]["pattern"], "not": {"const": "smoke"}}
    properties["profiles"]["propertyNames"] = named
    properties["profiles"]["additionalProperties"] = _sets(**{k: properties[k] for k in SEEDS})
    properties["claims"]["items"] = _claim(METRICS)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A study of cnn-ablate",
        **file,
        "if": _names_own(),
        "then": {"properties": _closed(_keys(open_to=CUSTOM))},
        "else": {"properties": _closed(_keys())},
        "$defs": {**file.get("$defs", {}), "values": {"properties": _values()}},
    }


def _baseline() -> Schema:
    return {
        "properties": {section: _section(section) for section in TABLES},
        "required": [section for section in CUSTOM if section not in DEFAULT_NAMES],
        "additionalProperties": False,
    }


def _section(section: str) -> Schema:
    """Describe a section: its `name` decides which knobs it has; those of others may stand too."""
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
            *({"if": _named(section, name), "then": _then(section, table[name])} for name in table),
            {"if": _ANY_OWN, "else": closed} if section in CUSTOM else closed,
        ],
    }


def _name(section: str) -> Schema:
    known: list[Schema] = [
        {"const": name, "description": _about(entry)} for name, entry in TABLES[section].items()
    ]
    default = {"default": DEFAULT_NAMES[section]} if section in DEFAULT_NAMES else {}
    return {"anyOf": [*known, *([_OWN] if section in CUSTOM else [])], **default}


def _named(section: str, name: str) -> Schema:
    """Hold where a section has this name, or none if it is the default."""
    is_default = DEFAULT_NAMES.get(section) == name
    required = {} if is_default else {"required": ["name"]}
    return {"properties": {"name": {"const": name}}, **required}


def _then(section: str, entry: type[Options]) -> Schema:
    knobs = _knobs(entry).items()
    return {"properties": {knob: _shared(f"{section}.{knob}", said) for knob, said in knobs}}


def _shared(key: str, said: Schema) -> Schema:
    """Point to what may be set at a dotted key, where all entries with this knob agree."""
    return _value(key) if _values()[key] == said else said


def _value(key: str) -> Schema:
    return {"$ref": f"#/$defs/values/properties/{key}"}


def _entry(entry: type[Options]) -> Schema:
    return {"type": "object", "properties": _knobs(entry), "additionalProperties": False}


def _about(entry: type[Options]) -> str:
    return (entry.__doc__ or "").partition("\n")[0]


def _knobs(entry: type[Options]) -> dict[str, Schema]:
    properties: dict[str, Schema] = _plain(entry.model_json_schema())["properties"]
    return {knob: _open(knob, said) for knob, said in properties.items() if knob != SOURCE_KEY}


def _open(knob: str, said: Schema) -> Schema:
    """Let a list of augmentations name the user's own."""
    if knob != "augment":
        return said
    return {**said, "items": {"anyOf": [*said["items"]["oneOf"], _OWN, _ANY_OWN]}}


@cache
def _values() -> dict[str, Schema]:
    """Say for each dotted key what may be set."""
    values = {}
    for section, table in TABLES.items():
        if "" not in table:
            values[f"{section}.name"] = _name(section)
        entries = [_knobs(entry) for entry in table.values()]
        for knob in dict.fromkeys(knob for entry in entries for knob in entry):
            said = [entry[knob] for entry in entries if knob in entry]
            distinct = [one for i, one in enumerate(said) if one not in said[:i]]
            values[f"{section}.{knob}"] = distinct[0] if len(distinct) == 1 else {"anyOf": distinct}
    return values


def _sets(**others: Schema) -> Schema:
    return {"type": "object", "properties": others, "allOf": [{"$ref": "#/$defs/values"}]}


def _levels(key: str = "") -> Schema:
    """Describe the levels of a dotted key; without one, those of a bundle or of the user's."""
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
    start = {"type": "string", "description": "The variant of this list that it starts from."}
    kinds["list"] = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": _sets(**{"from": start}),
    }
    several = {"type": "object", "minProperties": 1, "properties": kinds}
    return {"anyOf": [{"enum": [*_KINDS]}, {**several, "additionalProperties": False}]}


_KINDS: tuple[str, ...] = get_args(DesignKind)


def _claim(metrics: Iterable[str]) -> Schema:
    claim = _plain(Claim.model_json_schema())
    properties = claim["properties"]
    for old, new in (("from_level", "from"), ("to_level", "to")):
        properties[new] = {"description": properties.pop(old)["description"]}
    properties["metric"] |= {"enum": [*metrics]}
    return {**claim, "type": "object"}


def _names_own() -> Schema:
    """Hold where a baseline or a factor names something of the user's."""
    named: Iterator[Schema] = (
        condition
        for section in CUSTOM
        for condition in (
            _within("baseline", _within(section, _ANY_OWN)),
            _within("factors", _within(f"{section}.name", {"contains": _OWN, "type": "array"})),
        )
    )
    return {"anyOf": [*named]}


def _within(key: str, said: Schema) -> Schema:
    return {"type": "object", "properties": {key: said}, "required": [key]}


def _keys(open_to: Iterable[str] = ()) -> Schema:
    return {"anyOf": [{"enum": [*known_keys()]}, *({"pattern": rf"^{s}\."} for s in open_to)]}


def _closed(keys: Schema) -> dict[str, Schema]:
    """Refuse other keys than these where a study sets some."""
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


def _plain(said: Any) -> Any:
    """Leave out what is the program's alone, and write tuples as draft 7 does."""
    if isinstance(said, list):
        return [_plain(part) for part in said]
    if not isinstance(said, Mapping):
        return said
    kept = {key: _plain(part) for key, part in said.items() if not _is_ours(key, part)}
    if "prefixItems" in kept:
        kept["items"] = kept.pop("prefixItems")
    return kept


def _is_ours(key: str, part: Any) -> bool:
    return key in {"needs", "unless"} or (key == "title" and isinstance(part, str))
