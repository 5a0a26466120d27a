"""Propose levels for the knobs of a network, for the draft of a study."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from cnn_ablate.custom import is_import_path
from cnn_ablate.errors import UserError
from cnn_ablate.models import network_size
from cnn_ablate.options import Options
from cnn_ablate.schema import SOURCE_KEY, label
from cnn_ablate.settings import options_of
from cnn_ablate.text import listed

# Two levels of a knob, and what the second one is or may be instead, in words.
Levels = tuple[list[Any], str]

# Levels of a switch that stand for a network without the component.
_OFF = (False, None, "none", "off", "no", "identity")


def proposed_levels(
    entry: type[Options], values: Mapping[str, Any]
) -> tuple[dict[str, Levels], dict[str, Levels]]:
    """Return levels per knob of those that are switched, flags before named choices, and others."""
    properties = entry.model_json_schema()["properties"]
    # Other names for what the data say.
    told = getattr(entry, "synonyms", {})
    flags: dict[str, Levels] = {}
    choices: dict[str, Levels] = {}
    others: dict[str, Levels] = {}
    for knob, value in values.items():
        listed_values = [v for v in properties.get(knob, {}).get("enum", ()) if v != value]
        if isinstance(value, bool):
            flags[knob] = [value, not value], ""
        elif knob in {"name", SOURCE_KEY, *told} or isinstance(value, dict):
            continue
        elif listed_values:
            kind = choices if isinstance(value, str) else others
            kind[knob] = _chosen(value, listed_values)
        else:
            others[knob] = _invented(value)
    return {**flags, **choices}, others


def buildable(settings: Mapping[str, Any], levels: Mapping[str, Levels]) -> dict[str, Levels]:
    """Return the levels without the whole numbers that a network of the user's own cannot have.

    With another number of channels or classes, whatever the name of that argument, a network does
    not fit the data. Nothing is left out where the data are not here, or do not fit as it is.
    """
    model = settings["model"]
    if not is_import_path(model["name"]):
        return dict(levels)
    with suppress(UserError):
        spec = options_of("data", settings["data"]).spec()
        shape, classes = spec.shape, len(spec.classes)
        if _fits(model, shape, classes):
            return {
                knob: (values, why)
                for knob, (values, why) in levels.items()
                if not isinstance(values[1], int)
                or _fits({**model, knob: values[1]}, shape, classes)
            }
    return dict(levels)


def _fits(model: Mapping[str, Any], shape: tuple[int, int, int], classes: int) -> bool:
    """Return whether a network can be built, and takes images of a shape."""
    with suppress(UserError):
        network_size(options_of("model", model), shape, classes)
        return True
    return False


def _invented(value: Any) -> Levels:
    """Return a value with another one of its type."""
    if isinstance(value, int) and value > 1:
        return [value, value // 2], "half" if value % 2 == 0 else "about half"
    if isinstance(value, int):
        return [value, value + 1], ""
    if isinstance(value, float):
        return ([value, float(f"{value / 10:.3g}")], "a tenth") if value else ([value, 0.1], "")
    if isinstance(value, list | tuple) and len(value) > 1:
        return [value, value[:-1]], "without the last one"
    return [value, "OTHER"], "for OTHER, a value that the network takes"


def _chosen(value: Any, others: Sequence[Any]) -> Levels:
    """Return a value with another one, `none` if possible, and the names of further ones."""
    second = "none" if "none" in others else others[0]
    more = [label(other) for other in others if other != second]
    return [value, second], f"or {listed(more, 'or')}" if more else ""


def is_on(value: Any) -> bool:
    """Return whether a level of a switch has the component at all."""
    return value not in _OFF
