"""Settings that a study states although they can matter nowhere in it."""

from collections.abc import Iterator
from typing import Any

from cnn_ablate.audit.comparisons import Side, comparisons
from cnn_ablate.audit.explain import why_idle
from cnn_ablate.audit.schedule_trace import moves
from cnn_ablate.audit.subject import Case, Subject
from cnn_ablate.audit.words import count, grouped, variants
from cnn_ablate.plan.designs import BASELINE
from cnn_ablate.schema import Finding, Overrides, canonical, label
from cnn_ablate.settings import TABLES

Uses = list[tuple[Overrides, Case]]
"""What each point of a study sets on top of the baseline, and what it comes to."""


def unused_settings(subject: Subject) -> Iterator[Finding]:
    """Find settings of the file that change no variant, and schedules that never move."""
    subject = subject.declared
    uses = list(_uses(subject))
    for section, values in subject.study.written.items():
        for key, value in values.items():
            cases = [case for sets, case in uses if f"{section}.{key}" not in sets]
            yield from _unused(f"{section}.{key}", value, "the baseline", cases)
    for place, sets in _stated(subject):
        for key, value in sets.items():
            cases = [case for held, case in uses if key in held and held[key] == value]
            yield from _unused(key, value, place, cases)
    yield from _still(subject)


def _uses(subject: Subject) -> Iterator[tuple[Overrides, Case]]:
    sides = [side for pair in comparisons(subject) for side in pair.sides]
    for side in (Side(subject.study, BASELINE, subject.study.baseline), *sides):
        case = subject.cases.get(subject.names.get(side.text, ""))
        if case:
            yield side.point.sets, case


def _stated(subject: Subject) -> Iterator[tuple[str, Overrides]]:
    """Give what bundles and lists set; that a single key does nothing is said of its factor."""
    for factor in subject.study.factors:
        for level in factor.levels if factor.bundle else ():
            yield f"{factor.name} {level.label}", level.sets
    for entry in (entry for design in subject.study.designs for entry in design.entries):
        yield entry.name, entry.sets


def _unused(key: str, value: Any, place: str, cases: list[Case]) -> Iterator[Finding]:
    if not cases or key.endswith(".name") or _is_default(key, value):
        return
    if all(why_idle(case, key) for case in cases):
        reason = why_idle(cases[0], key)
        yield Finding(
            kind="unused-setting",
            severity="warning",
            where=key,
            message=f"{key} {label(value)} of {place} changes nothing: {reason}. Leave it out.",
            data={"key": key, "value": value, "place": place},
        )


def _is_default(key: str, value: Any) -> bool:
    """Say whether a setting only states what holds anyway."""
    section, _, knob = key.partition(".")
    fields = [entry.model_fields.get(knob) for entry in TABLES[section].values()]
    return any(field is not None and field.default == value for field in fields)


def _still(subject: Subject) -> Iterator[Finding]:
    """Find schedules under which the learning rate never changes."""
    still = [
        (canonical([case.settings["schedule"], case.settings["training"]["epochs"]]), name)
        for name, case in subject.cases.items()
        if case.settings["schedule"]["name"] != "constant" and not moves(case)
    ]
    for names in grouped(still).values():
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
