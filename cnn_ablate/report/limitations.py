"""The limitations section of a report: what the study, as it was run, cannot show."""

from collections.abc import Sequence

import pandas as pd

from cnn_ablate.claims import overrides
from cnn_ablate.schema import Effect, Record
from cnn_ablate.text import count, listed, some


def limitations(record: Record, trials: pd.DataFrame, effects: Sequence[Effect]) -> list[str]:
    """Return the limitations as sentences, the most serious first."""
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


def _missing(record: Record, trials: pd.DataFrame) -> str:
    status = trials["status"].value_counts()
    planned, done = len(record.plan.trials), int(status.get("done", 0))
    if done >= planned:
        return ""
    failed = listed(f"{n} {name}" for name, n in status.items() if name != "done")
    return (
        f"Only {done:,} of {planned:,} planned trials are done{f' ({failed})' if failed else ''}: "
        "contrasts use the seeds that both variants have."
    )


def _budget(record: Record) -> str:
    replaced = overrides(record)
    return f"This is not the study as published: {replaced}." if replaced else ""


def _few_seeds(effects: Sequence[Effect]) -> str:
    if not effects:
        return ""
    most = max(effect.seeds for effect in effects)
    if not most:
        return ""
    if most < 2:
        return "One seed per contrast cannot separate an effect from noise."
    least = min(e.smallest_adjusted for e in effects if e.smallest_adjusted is not None)
    if least <= 0.05:
        return ""
    return (
        f"With {most} seeds and {count(effects[0].family, 'contrast')} no Holm-adjusted p can be "
        f"below {least:.2g}: the intervals, which assume normal differences, are more informative."
    )


def _moved_together(record: Record) -> str:
    # A key that only one variant has is an option of a component that the other lacks.
    moved = [
        contrast.variant
        for contrast in record.plan.contrasts
        if sum(None not in sides for sides in contrast.changed.values()) > 1
    ]
    if not moved:
        return ""
    return (
        f"{count(len(moved), 'contrast')} changed more than one setting ({some(moved)}): the "
        "effect cannot be attributed to a single one of them."
    )


def _machines(trials: pd.DataFrame) -> str:
    done = trials[trials["status"] == "done"]
    kinds = {name: sorted(map(str, done[name].unique())) for name in ("device", "torch")}
    mixed = listed(f"{name} {listed(used)}" for name, used in kinds.items() if len(used) > 1)
    if not mixed:
        return ""
    return (
        f"Trials were computed in different ways ({mixed}): their results follow the same "
        "distribution, but pairs across these groups share less of their noise."
    )


def _one_test_set(effects: Sequence[Effect]) -> str:
    if any(effect.images for effect in effects):
        return ""
    return "All intervals are over seeds; the sampling error of the test set is not quantified."
