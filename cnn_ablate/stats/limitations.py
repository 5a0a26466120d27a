"""What a study cannot show, in words, from what was really done."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from cnn_ablate.schema import Effect, Record, Study, label
from cnn_ablate.stats.words import count, listed


def limitations(record: Record, trials: pd.DataFrame, effects: Sequence[Effect]) -> list[str]:
    """List what a reader must bear in mind, the gravest first."""
    sentences = (
        _missing(record, trials),
        _budget(record),
        *(f"On the data {facts.name}: {facts.note}." for facts in record.data if facts.note),
        _few_seeds(effects),
        _moved_together(record),
        _machines(trials),
        *record.study.assumptions,
        _one_test_set(effects),
    )
    return [sentence for sentence in sentences if sentence]


def forced(record: Record) -> str:
    """Say what a profile or the command line set for all variants; nothing if they set nothing."""
    study = record.study
    if not study.forced:
        return ""
    who = f"profile {study.profile}" if study.profile else "the command line"
    return f"{who} set {listed(_set(study, key) for key in study.forced)}"


def _set(study: Study, key: str) -> str:
    replaced = listed(dict.fromkeys(map(label, _declared(study, key))), "or")
    return f"{key} = {label(study.forced[key])}{f' instead of {replaced}' if replaced else ''}"


def _declared(study: Study, key: str) -> list[Any]:
    """List what the file has at a key, in its baseline and in the variants that are overruled."""
    sets = [entry.sets for design in study.designs for entry in design.entries]
    if key in study.fixed:
        sets += [level.sets for factor in study.factors for level in factor.levels]
    found = [study.before.get(key), *(some[key] for some in sets if key in some)]
    values = [value for value in found if value is not None]
    return sorted(values) if all(isinstance(value, int | float) for value in values) else values


def _missing(record: Record, trials: pd.DataFrame) -> str:
    status = trials["status"].value_counts()
    planned, done = len(record.plan.trials), int(status.get("done", 0))
    if done >= planned:
        return ""
    lost = listed(f"{n} {name}" for name, n in status.items() if name != "done")
    return (
        f"Only {done:,} of {planned:,} planned trials are done{f' ({lost})' if lost else ''}: "
        "contrasts rest on the seeds that both sides have."
    )


def _budget(record: Record) -> str:
    said = forced(record)
    return f"This is not the study as published: {said}." if said else ""


def _few_seeds(effects: Sequence[Effect]) -> str:
    if not effects:
        return ""
    most = max(effect.seeds for effect in effects)
    if not most:
        return ""
    if most < 2:
        return "With one seed a contrast, no difference can be told from seed noise."
    least = min(e.smallest_adjusted for e in effects if e.smallest_adjusted is not None)
    if least <= 0.05:
        return ""
    return (
        f"With {most} seeds and {count(effects[0].family, 'contrast')} no p after Holm can be "
        f"under {least:.2g}: the intervals, which take the differences as normal, say more."
    )


def _moved_together(record: Record) -> str:
    # A key that only one side has is an option of a part that the other side lacks.
    moved = [
        contrast.variant
        for contrast in record.plan.contrasts
        if sum(None not in sides for sides in contrast.changed.values()) > 1
    ]
    if not moved:
        return ""
    more = [f"{len(moved) - 3} more"] if len(moved) > 3 else []
    return (
        f"{count(len(moved), 'contrast')} moved more than one setting "
        f"({listed([*moved[:3], *more])}): such an effect belongs to all that moved together."
    )


def _machines(trials: pd.DataFrame) -> str:
    done = trials[trials["status"] == "done"]
    kinds = {name: sorted(map(str, done[name].unique())) for name in ("device", "torch")}
    mixed = listed(f"{name} {listed(found)}" for name, found in kinds.items() if len(found) > 1)
    if not mixed:
        return ""
    return (
        f"Trials were computed in different ways ({mixed}): they follow the same distribution, "
        "but pairs across that border share less of their noise."
    )


def _one_test_set(effects: Sequence[Effect]) -> str:
    if any(effect.images for effect in effects):
        return ""
    return "Intervals are those of the seeds; how much other test images would move them is open."
