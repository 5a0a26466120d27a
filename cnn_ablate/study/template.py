"""A first study file for a user to change: complete, commented, and made from the tables."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from shlex import quote
from typing import Any

from cnn_ablate.data import DataSet
from cnn_ablate.data.normalize import NORMALIZATIONS
from cnn_ablate.options import Options
from cnn_ablate.schema import SOURCE_KEY, replaced
from cnn_ablate.settings import entry_of, resolve
from cnn_ablate.study.file import not_a_folder

_SWITCHES = 2
# Those that every draft has: augmentation and learning rate.
_FACTORS = 2
# Faults of published programs that networks repeat unless told otherwise.
_MENDED = {"relu_logits": False, "transformer": "none"}
# Texts that YAML takes for texts; others are quoted.
_WORD = re.compile(r"(?!(?:true|false|null)$)[A-Za-z_][\w.]*(:\w+)?", re.IGNORECASE)

_HEAD = """\
# yaml-language-server: $schema=study.schema.json
# An ablation study to change as you like.
#   cnn-ablate plan {file}           shows what it trains and compares
#   cnn-ablate run {file} --smoke    is a test of minutes
#   cnn-ablate run {file}            trains it, and writes a report
study: {name}
title: {title}

# The complete system; what is left out has its default. `cnn-ablate list models` (or datasets,
# augments, optimizers, schedules, losses, training) tells what there is.
baseline:
"""
_TRAINING = """\
  optimizer: {name: sgd, lr: 0.01, momentum: 0.9}
  training:
    epochs: 10
    batch_size: 64

# What is varied: a key of the baseline, and its levels.
factors:
"""
_DESIGN = """\
  data.augment: [[random_crop], []]
  optimizer.lr: [0.01, 0.001]

# Which combinations are trained: this design moves one factor at a time. Others: leave_one_out,
# ladder, factorial, fractional, list.
design: one_at_a_time

# Each variant is trained once for each seed, and compared seed by seed. A difference of the same
# sign in all of eight seeds has p = 2/2^8 = 0.008, which is {p:.2f} after {count} comparisons.
seeds: 8
"""
_CLAIM = """
# What you expect, written down before it is known; the report says whether the data agree.
claims:
  - id: {knob}
    quote: {knob} matters
    factor: model.{knob}
    from: {old}
    to: {new}
    effect: higher
"""


def draft(file: str, data: str, model: str, *, path: str = "") -> str:
    """Write a study of some network on some data.

    Args:
        file: Name that the file will have; the study is called as it is, if possible.
        data: Name of a data set.
        model: Name of a network.
        path: Where the data set lies, if that is one of its knobs.

    Raises:
        UserError: a name is unknown, or cannot be used without further knobs.
    """
    where = {"path": path} if path else {}
    settings = resolve({"data": {"name": data, **where}, "model": {"name": model}})
    mended = {knob: value for knob, value in _MENDED.items() if knob in settings["model"]}
    settings = resolve(replaced(settings, {f"model.{knob}": v for knob, v in mended.items()}))
    title = f"Does each part of {model} earn its place on {path.rpartition('/')[2] or data}?"
    levels = dict(list(_levels(entry_of("model", model), settings["model"]))[:_SWITCHES])
    count = len(levels) + _FACTORS
    lines = [
        _HEAD.format(file=quote(file), name=_yaml(_name(file)), title=_yaml(title)),
        *_section("data", {**settings["data"], **_pictures(data)}, _data_knobs(data)),
        *_section("model", settings["model"], settings["model"]),
        _TRAINING,
        *(f"  model.{knob}: [{', '.join(map(_yaml, pair))}]\n" for knob, pair in levels.items()),
        _DESIGN.format(count=count, p=count * 2 / 2**8),
        *(
            _CLAIM.format(knob=knob, new=_yaml(new), old=_yaml(old))
            for knob, (new, old) in list(levels.items())[:1]
        ),
    ]
    return "".join(lines)


def _name(file: str) -> str:
    """Call the study as its file, if a folder can be called so."""
    name = re.sub(r"[^\w+-]+", "_", file.rpartition(".")[0]).strip("_+-")
    return "study" if not_a_folder(name) else name


def _pictures(data: str) -> dict[str, Any]:
    known = [name for name in NORMALIZATIONS if data.startswith(name)]
    return {"augment": ["random_crop"], "normalize": max(known, key=len, default="half")}


def _data_knobs(name: str) -> list[str]:
    own = [knob for knob in entry_of("data", name).model_fields if knob not in DataSet.model_fields]
    return ["name", *own, "augment", "normalize"]


def _section(section: str, values: Mapping[str, Any], knobs: Iterable[str]) -> Iterator[str]:
    """Write a section, each knob with its doc."""
    fields = entry_of(section, values["name"]).model_fields
    yield f"  {section}:\n"
    for knob in knobs:
        if knob != SOURCE_KEY:
            doc = fields[knob].description if knob in fields else ""
            yield f"    {knob}: {_yaml(values[knob])}{f'  # {doc}' if doc else ''}\n"


def _levels(entry: type[Options], values: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """Find two levels for each knob that can be switched; truth values first."""
    properties = entry.model_json_schema()["properties"]
    knobs = {knob: said for knob, said in properties.items() if knob in values}
    for knob, said in knobs.items():
        if said.get("type") == "boolean":
            yield knob, [values[knob], not values[knob]]
    for knob, said in knobs.items():
        others = [name for name in said.get("enum", ()) if name != values[knob]]
        if others and said.get("type") == "string":
            yield knob, [values[knob], "none" if "none" in others else others[0]]


def _yaml(value: Any) -> str:
    """Write a value as YAML does, in one line."""
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, str) and _WORD.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)
