"""Explain why a setting has no effect, and why two trainings are the same."""

from collections.abc import Callable, Mapping
from typing import Any

from cnn_ablate.audit.compared_pairs import ComparedPair, try_resolve
from cnn_ablate.audit.probe import steps_to_try, train_on_noise, untrained_outputs
from cnn_ablate.audit.schedule_trace import trace
from cnn_ablate.audit.subject import Case, Subject
from cnn_ablate.custom import is_import_path
from cnn_ablate.models import network_size
from cnn_ablate.schema import Settings, label, value_at, with_overrides
from cnn_ablate.settings import entry_of, options_of
from cnn_ablate.text import count, listed

_MOST_LEVELS_TRIED = 16


def why_equivalent(subject: Subject, pair: ComparedPair) -> str:
    """Return one or more sentences on why the two sides of a pair are the same training."""
    cases = [case for s in pair.sides if s.settings and (case := subject.case(s.settings))]
    reasons = [
        next(filter(None, (why_unused(case, key) for case in cases)), "") for key in pair.changed
    ]
    if all(reasons):
        return f"{listed(dict.fromkeys(reasons))}."
    if all(key.startswith("schedule.") for key in pair.changed):
        epochs = count(cases[0].settings["training"]["epochs"], "epoch")
        return f"the learning rate is the same in every step of {epochs}."
    return _evidence(subject, pair, *cases)


def why_unused(case: Case, key: str) -> str:
    """Return why a key has no effect among these settings; empty if it may have one."""
    if value_at(case.settings, key) is None:
        return _why_left_out(case.settings, key)
    return _OVERRULED[key](case, key) if key in _OVERRULED else ""


def _why_left_out(settings: Settings, key: str) -> str:
    section, _, knob = key.partition(".")
    name = value_at(settings, f"{section}.name", "")
    entry = entry_of(section, name)
    if knob not in entry.model_fields:
        return f"the {section} {name} has no setting {knob}"
    values: dict[str, Any] = options_of(section, settings[section]).model_dump()
    if knob in settings[section]:
        return ""
    extra: Any = entry.model_fields[knob].json_schema_extra or {}
    switches = [
        *(k for k, needed in extra.get("needs", {}).items() if values[k] not in needed),
        *(k for k, inert in extra.get("unless", {}).items() if values[k] in inert),
    ]
    off = listed(f"{section}.{k} is {label(values[k])}" for k in switches)
    return f"{key} has no effect while {off}" if off else f"nothing here uses {key}"


def _set_by_schedule(case: Case, key: str) -> str:
    if case.settings["schedule"]["name"] == "constant":
        return ""  # Tracing it would import PyTorch's compiler, which takes two seconds.
    knob, value = key.partition(".")[2], value_at(case.settings, key)
    settings = with_overrides(case.settings, {key: value / 2 or 0.5})
    traces = [
        [dict(values).get(knob) for values in trace(each)]
        for each in (case, Case(settings, case.shape, case.classes))
    ]
    schedule = case.settings["schedule"]["name"]
    return f"the schedule {schedule} sets {key} itself" if traces[0] == traces[1] else ""


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


def _evidence(subject: Subject, pair: ComparedPair, first: Case, second: Case) -> str:
    steps = steps_to_try(first)
    same = (
        f"from the same seed, {count(steps, 'step')} of training on the same batches give the same "
        f"{train_on_noise(first, count=steps).weights:,} weights and the same outputs, bit for bit"
    )
    networks = [case.network for case in (first, second)]
    sizes = [network_size(n.options, n.shape, n.classes).parameters for n in networks]
    if more := abs(sizes[1] - sizes[0]):
        return f"{same}; the {more:,} parameters that only one of them has have no effect."
    return f"{same}.{_where_different(subject, pair)}{_advice(pair, first)}"


def _where_different(subject: Subject, pair: ComparedPair) -> str:
    """Return a sentence with a level of another factor at which the networks differ, if any."""
    others = [factor for factor in subject.study.factors if factor.name not in pair.factors]
    levels = [(factor.name, level) for factor in others for level in factor.levels]
    for name, level in levels[:_MOST_LEVELS_TRIED]:
        sets = [{**side.point.sets, **level.sets} for side in pair.sides]
        resolved = [try_resolve(subject.study, keys) for keys in sets]
        cases = [case for settings in resolved if settings and (case := subject.case(settings))]
        if len({case.network for case in cases}) > 1 and _outputs_differ(*cases):
            return f" They differ if {name} is {level.label}."
    return ""


def _outputs_differ(first: Case, second: Case) -> bool:
    return not untrained_outputs(first).logits.equal(untrained_outputs(second).logits)


def _advice(pair: ComparedPair, case: Case) -> str:
    knobs = [key.partition(".")[2] for key in pair.changed if key.startswith("model.")]
    name = case.settings["model"]["name"]
    return f" Check how {name} uses {listed(knobs)}." if knobs and is_import_path(name) else ""
