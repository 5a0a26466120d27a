"""Find settings that a study states although they have no effect anywhere in it."""

from collections.abc import Iterator
from typing import Any

from cnn_ablate.audit.compared_pairs import Side, compared_pairs
from cnn_ablate.audit.inert_reasons import why_unused
from cnn_ablate.audit.phrases import variants
from cnn_ablate.audit.schedule_trace import changes_anything
from cnn_ablate.audit.subject import Case, Subject
from cnn_ablate.plan.designs import BASELINE
from cnn_ablate.schema import Finding, Overrides, canonical, label
from cnn_ablate.settings import TABLES
from cnn_ablate.text import count, grouped


def unused_settings(subject: Subject) -> Iterator[Finding]:
    """Find settings of the file that no variant uses, and schedules that never change the rate."""
    subject = subject.declared
    points = list(_points(subject))
    for section, values in subject.study.written.items():
        for key, value in values.items():
            cases = [case for sets, case in points if f"{section}.{key}" not in sets]
            yield from _unused(f"{section}.{key}", value, "the baseline", cases)
    for place, sets in _stated(subject):
        for key, value in sets.items():
            cases = [case for held, case in points if key in held and held[key] == value]
            yield from _unused(key, value, place, cases)
    yield from _constant_schedules(subject)


def _points(subject: Subject) -> Iterator[tuple[Overrides, Case]]:
    """Yield what each point of the designs sets on top of the baseline, and its case."""
    sides = [side for pair in compared_pairs(subject) for side in pair.sides]
    for side in (Side(subject.study, BASELINE, subject.study.baseline), *sides):
        case = subject.cases.get(subject.names.get(side.key, ""))
        if case:
            yield side.point.sets, case


def _stated(subject: Subject) -> Iterator[tuple[str, Overrides]]:
    """Yield what bundles and lists set; a single key without effect is an inert factor instead."""
    for factor in subject.study.factors:
        for level in factor.levels if factor.bundle else ():
            yield f"{factor.name} {level.label}", level.sets
    for entry in (entry for design in subject.study.designs for entry in design.entries):
        yield entry.name, entry.sets


def _unused(key: str, value: Any, place: str, cases: list[Case]) -> Iterator[Finding]:
    if not cases or key.endswith(".name") or _is_default(key, value):
        return
    if all(why_unused(case, key) for case in cases):
        reason = why_unused(cases[0], key)
        yield Finding(
            kind="unused-setting",
            severity="warning",
            where=key,
            message=f"{key} {label(value)} of {place} has no effect: {reason}. Leave it out.",
            data={"key": key, "value": value, "place": place},
        )


def _is_default(key: str, value: Any) -> bool:
    section, _, knob = key.partition(".")
    fields = [entry.model_fields.get(knob) for entry in TABLES[section].values()]
    return any(field is not None and field.default == value for field in fields)


def _constant_schedules(subject: Subject) -> Iterator[Finding]:
    """Find schedules under which the learning rate never changes."""
    constant = [
        (canonical([case.settings["schedule"], case.settings["training"]["epochs"]]), name)
        for name, case in subject.cases.items()
        if case.settings["schedule"]["name"] != "constant" and not changes_anything(case)
    ]
    for names in grouped(constant).values():
        settings = subject.cases[names[0]].settings
        epochs = count(settings["training"]["epochs"], "epoch")
        yield Finding(
            kind="unused-setting",
            severity="warning",
            where="schedule",
            message=(
                f"The schedule {label(settings['schedule'])} of {variants(names)} never changes "
                f"the learning rate in {epochs}."
            ),
            data={"schedule": dict(settings["schedule"]), "variants": names},
        )
