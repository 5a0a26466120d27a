"""Why a setting cannot matter, and why two trainings are one, in words."""

from collections.abc import Callable, Mapping
from typing import Any

from cnn_ablate.audit.comparisons import Comparison, settled
from cnn_ablate.audit.probe import answers, learned, steps
from cnn_ablate.audit.schedule_trace import course
from cnn_ablate.audit.subject import Case, Subject
from cnn_ablate.custom import is_users
from cnn_ablate.models import size
from cnn_ablate.schema import Settings, label, looked_up, replaced
from cnn_ablate.settings import entry_of, options_of
from cnn_ablate.stats import count, listed

_MOST_SWITCHES = 16


def why_alike(subject: Subject, pair: Comparison) -> str:
    """Say why two sides that are proven to be the same are so; one or more sentences."""
    cases = [case for s in pair.sides if s.settings and (case := subject.case(s.settings))]
    idle = [next(filter(None, (why_idle(case, key) for case in cases)), "") for key in pair.moved]
    if all(idle):
        return f"{listed(dict.fromkeys(idle))}."
    if all(key.startswith("schedule.") for key in pair.moved):
        epochs = count(cases[0].settings["training"]["epochs"], "epoch")
        return f"the learning rate takes the same course through {epochs}."
    return _proof(subject, pair, *cases)


def why_idle(case: Case, key: str) -> str:
    """Say why a key cannot matter among these settings; nothing if it may."""
    if looked_up(case.settings, key) is None:
        return _why_left_out(case.settings, key)
    return _OVERRULED[key](case, key) if key in _OVERRULED else ""


def _why_left_out(settings: Settings, key: str) -> str:
    section, _, knob = key.partition(".")
    name = looked_up(settings, f"{section}.name", "")
    entry = entry_of(section, name)
    if knob not in entry.model_fields:
        return f"the {section} {name} has no setting {knob}"
    values: dict[str, Any] = options_of(section, settings[section]).model_dump()
    if knob in settings[section]:
        return ""
    extra: Any = entry.model_fields[knob].json_schema_extra or {}
    switches = [
        *(field for field, fit in extra.get("needs", {}).items() if values[field] not in fit),
        *(field for field, idle in extra.get("unless", {}).items() if values[field] in idle),
    ]
    off = listed(f"{section}.{field} is {label(values[field])}" for field in switches)
    return f"{key} cannot matter while {off}" if off else f"nothing here uses {key}"


def _set_by_schedule(case: Case, key: str) -> str:
    if case.settings["schedule"]["name"] == "constant":
        return ""  # To follow it, torch would first import its compiler: two seconds.
    knob, value = key.partition(".")[2], looked_up(case.settings, key)
    other = Case(replaced(case.settings, {key: value / 2 or 0.5}), case.shape, case.classes)
    ways = [[dict(numbers).get(knob) for numbers in course(one)] for one in (case, other)]
    schedule = case.settings["schedule"]["name"]
    return f"the schedule {schedule} sets {key} itself" if ways[0] == ways[1] else ""


def _too_patient(case: Case, key: str) -> str:
    training = case.settings["training"]
    patience, epochs = training["patience"], training["epochs"]
    if not patience or patience < epochs - 1:
        return ""
    return f"{key} {patience} cannot stop a training of {count(epochs, 'epoch')}"


def _nothing_to_select(case: Case, key: str) -> str:
    return f"{key} has one epoch to select from" if case.settings["training"]["epochs"] == 1 else ""


_OVERRULED: Mapping[str, Callable[[Case, str], str]] = {
    "optimizer.lr": _set_by_schedule,
    "optimizer.momentum": _set_by_schedule,
    "training.patience": _too_patient,
    "training.select": _nothing_to_select,
}


def _proof(subject: Subject, pair: Comparison, one: Case, other: Case) -> str:
    taken = steps(one)
    said = (
        f"from the same seed, {count(taken, 'step')} of training on the same batches give the same "
        f"{learned(one, count=taken).weights:,} weights and the same outputs, bit for bit"
    )
    sizes = [size(case.net.options, case.shape, case.classes).parameters for case in (one, other)]
    if more := abs(sizes[1] - sizes[0]):
        return f"{said}; the {more:,} parameters that only one of them has do nothing."
    return f"{said}.{_switch(subject, pair)}{_advice(pair, one)}"


def _switch(subject: Subject, pair: Comparison) -> str:
    """Name a level of another factor at which the untrained networks differ, if one is found."""
    others = [factor for factor in subject.study.factors if factor.name not in pair.names]
    levels = [(factor.name, level) for factor in others for level in factor.levels]
    for name, level in levels[:_MOST_SWITCHES]:
        sets = [{**side.point.sets, **level.sets} for side in pair.sides]
        found = [settled(subject.study, keys) for keys in sets]
        cases = [case for settings in found if settings and (case := subject.case(settings))]
        if len({case.net for case in cases}) > 1 and _answer_differently(*cases):
            return f" They differ where {name} is {level.label}."
    return ""


def _answer_differently(one: Case, other: Case) -> bool:
    return not answers(one).logits.equal(answers(other).logits)


def _advice(pair: Comparison, case: Case) -> str:
    knobs = [key.partition(".")[2] for key in pair.moved if key.startswith("model.")]
    name = case.settings["model"]["name"]
    return f" Check how {name} uses {listed(knobs)}." if knobs and is_users(name) else ""
