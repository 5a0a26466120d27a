"""Write a first study file for the user to change: complete, commented, made from the tables."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from shlex import quote
from types import MappingProxyType
from typing import Any

from cnn_ablate.custom import is_import_path
from cnn_ablate.data import DataSet
from cnn_ablate.data.normalize import NORMALIZATIONS
from cnn_ablate.schema import SOURCE_KEY, label, with_overrides
from cnn_ablate.settings import entry_of, resolve
from cnn_ablate.study.draft_levels import Levels, buildable, is_on, proposed_levels
from cnn_ablate.study.file_model import folder_name_fault

_NO_KNOBS: Mapping[str, Any] = MappingProxyType({})
_SWITCHES = 2
_LEAST_EPOCHS, _LEAST_STEPS = 10, 500
# Batch sizes with the number of training images from which each is used.
_BATCHES = {64: 3200, 32: 640, 16: 0}
_USUAL_IMAGES = 50_000
# What a complete system has, and no faults of published programs, unlike the networks' defaults.
_COMPLETE = {"batch_norm": True, "norm": "batch", "relu_logits": False, "transformer": "none"}
# Texts that YAML reads as texts without quotes.
_PLAIN = re.compile(r"(?!(?:true|false|null)$)[A-Za-z_][\w.]*(:\w+)?", re.IGNORECASE)

_HEAD = """\
# yaml-language-server: $schema=study.schema.json
# An ablation study for you to change.
#   cnn-ablate plan {file}           shows what it trains and compares
#   cnn-ablate run {file} --smoke    tests it in minutes
#   cnn-ablate run {file}            trains it and writes a report
study: {name}
title: {title}

# The complete system; keys that are left out have their defaults. `cnn-ablate list models` (or
# datasets, augments, optimizers, schedules, losses, training) shows what is available.
baseline:
"""
_TRAINING = """\
  optimizer: {{name: sgd, lr: 0.01, momentum: 0.9}}
  training:
    epochs: {epochs}{why}
    batch_size: {batch_size}

# What is varied: keys of the baseline with their levels; remarks are on the levels as drafted.
factors:
"""
_MORE = """\
  # Other knobs of the network; without its first # a line varies one more.
"""
_DESIGN = """\
  data.augment: [[random_crop], []]
  optimizer.lr: [0.01, 0.001]

# Which combinations are trained. one_at_a_time changes a single factor per variant; others:
# leave_one_out, ladder, factorial, fractional, list.
design: one_at_a_time

# Each variant is trained once per seed, and compared seed by seed. With n seeds, six or more, p is
# at least 2/2^n (0.03 for 6, 0.008 for 8), however many comparisons it is adjusted for.
seeds: 8
"""
_CLAIM = """
# What you expect, stated before the training; the report says whether the data agree. This one is
# a draft: that a component helps, or else that the level of the baseline is the better one.
claims:
  - id: {knob}
    quote: {quote}
    factor: model.{knob}
    from: {old}
    to: {new}
    effect: higher
"""


def study_template(
    file: str,
    data: str,
    model: str,
    *,
    knobs: Mapping[str, tuple[Any, str]] = _NO_KNOBS,
    images: int | None = None,
) -> str:
    """Return the text of a study of a network on a data set.

    Args:
        file: Name of the file that the text is for; the study gets its name, if possible.
        data: Name of a data set.
        model: Name of a network.
        knobs: Values of knobs of the data set that are not their defaults, each with the reason,
            which is the comment beside it; the doc of the knob, if the reason is empty.
        images: Number of its training images, if known.

    Raises:
        UserError: a name is unknown, or needs further knobs.
    """
    settings = _settings(data, model, {knob: value for knob, (value, _) in knobs.items()})
    folder = str(knobs["path"][0]).rpartition("/")[2] if "path" in knobs else ""
    title = f"Ablation of {model.rpartition(':')[2]} on {folder or data}"
    why = {knob: reason for knob, (_, reason) in knobs.items() if reason}
    switches, others = proposed_levels(entry_of("model", model), settings["model"])
    others = buildable(settings, others)
    levels = dict(list(switches.items())[:_SWITCHES])
    lines = [
        _HEAD.format(file=quote(file), name=_yaml(study_name(file)), title=_yaml(title)),
        *_section("data", {**settings["data"], **_preprocessing(data)}, _data_knobs(data), why),
        *_section("model", settings["model"], settings["model"]),
        _training(images),
        *(f"  {_factor(knob, *pair)}" for knob, pair in levels.items()),
        *_commented({**dict(list(switches.items())[_SWITCHES:]), **others}),
        _DESIGN,
        *(_claim(knob, *values) for knob, (values, _) in list(levels.items())[:1]),
    ]
    return "".join(lines)


def _settings(data: str, model: str, knobs: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    settings = resolve({"data": {"name": data, **knobs}, "model": {"name": model}})
    if is_import_path(model):
        return settings
    complete = {f"model.{k}": value for k, value in _COMPLETE.items() if k in settings["model"]}
    return resolve(with_overrides(settings, complete))


def _training(images: int | None) -> str:
    """Return the section of training: epochs enough for 500 steps, smaller batches of few images.

    Batch norms and learning rates need some hundred steps, however few images there are. The
    comment has the rule, not the number of steps: it stays true when the values are edited.
    """
    known = _USUAL_IMAGES if images is None else max(images, 1)
    batch_size = next(size for size, least in _BATCHES.items() if known >= least)
    epochs = max(_LEAST_EPOCHS, ceil(_LEAST_STEPS / ceil(known / batch_size)))
    rule = f"At least {_LEAST_STEPS} steps: an epoch has {known:,} images, divided by batch_size."
    why = f"  # {rule}" if images else ""
    return _TRAINING.format(epochs=epochs, batch_size=batch_size, why=why)


def _factor(knob: str, levels: list[Any], words: str) -> str:
    return f"model.{knob}: {_yaml(levels)}{f'  # {words}' if words else ''}\n"


def _commented(levels: Mapping[str, Levels]) -> Iterator[str]:
    if levels:
        yield _MORE
    for knob, pair in levels.items():
        yield f"  # {_factor(knob, *pair)}"


def _claim(knob: str, new: Any, old: Any) -> str:
    """Return the claim that the level of the baseline is better, or else the component."""
    if is_on(old) and not is_on(new):
        new, old = old, new
    quote = f"{knob} = {label(new)} is more accurate than {knob} = {label(old)}"
    return _CLAIM.format(knob=knob, quote=_yaml(quote), old=_yaml(old), new=_yaml(new))


def study_name(file: str) -> str:
    """Return the name of the file without its ending, if a folder can have that name."""
    name = re.sub(r"[^\w+-]+", "_", file.rpartition(".")[0]).strip("_+-")
    return "study" if folder_name_fault(name) else name


def _preprocessing(data: str) -> dict[str, Any]:
    known = [name for name in NORMALIZATIONS if data.startswith(name)]
    return {"augment": ["random_crop"], "normalize": max(known, key=len, default="half")}


def _data_knobs(name: str) -> list[str]:
    knobs = entry_of("data", name).model_fields.keys()
    return ["name", *(k for k in knobs if k not in DataSet.model_fields), "augment", "normalize"]


def _section(
    section: str,
    values: Mapping[str, Any],
    knobs: Iterable[str],
    why: Mapping[str, str] = _NO_KNOBS,
) -> Iterator[str]:
    """Yield the lines of a section, each knob with the reason for its value or its doc."""
    fields = entry_of(section, values["name"]).model_fields
    yield f"  {section}:\n"
    for knob in knobs:
        if knob != SOURCE_KEY:
            doc = why.get(knob) or (fields[knob].description if knob in fields else "")
            yield f"    {knob}: {_yaml(values[knob])}{f'  # {doc}' if doc else ''}\n"


def _yaml(value: Any) -> str:
    """Return a value as YAML in one line."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)
