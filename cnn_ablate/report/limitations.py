"""The limitations section of a report: what the study, as it was run, cannot show."""

from collections.abc import Sequence

import pandas as pd

from cnn_ablate.claims import source_of_overrides
from cnn_ablate.report.formatting import data_name
from cnn_ablate.report.joint_changes import joint_changes
from cnn_ablate.report.unplanned_looks import unplanned_looks
from cnn_ablate.schema import Effect, Record
from cnn_ablate.stats import FLIP_PAIRS, HOLM
from cnn_ablate.stats.adaptive_seeds import look_state
from cnn_ablate.text import count, listed, some

# Cells whose standard deviations differ by more than this factor are warned of.
_UNEQUAL = 3


def limitations(record: Record, trials: pd.DataFrame, effects: Sequence[Effect]) -> list[str]:
    """Return the limitations as sentences, the most serious first."""
    looks = unplanned_looks(record)
    sentences = (
        _missing(record, trials),
        _budget(record),
        looks.limitation if looks else "",
        _unseen(record),
        *_data_notes(record),
        _failures(effects),
        _few_seeds(effects),
        _undecided(effects),
        _pooled(record, trials),
        _moved_together(record),
        _machines(trials),
        *record.study.assumptions,
        _one_test_set(effects),
    )
    return [sentence for sentence in sentences if sentence]


def _missing(record: Record, trials: pd.DataFrame) -> str:
    status = trials["status"].value_counts()
    planned, done = _needed(record, trials), int(status.get("done", 0))
    if done >= planned:
        return ""
    failed = listed(f"{n} {name}" for name, n in status.items() if name != "done")
    return (
        f"Only {done:,} of {planned:,} planned trials are done{f' ({failed})' if failed else ''}: "
        "contrasts use the seeds that both variants have."
    )


def _unseen(record: Record) -> str:
    trainer = record.study.trainer
    if trainer is None:
        return ""
    who = "Trials were trained elsewhere" if trainer.imports else "The study's own command trained"
    return (
        f"{who}: neither its networks, nor its data, nor what its variants really change was "
        "looked at, and its numbers are taken as they are."
    )


def _needed(record: Record, trials: pd.DataFrame) -> int:
    """Return how many trials were planned; with looks, those that were needed so far."""
    if not record.study.looks or trials.empty:
        return len(record.plan.trials)
    return len(look_state(record.study, record.plan, trials, record.findings).due)


def _data_notes(record: Record) -> list[str]:
    noted = [facts for facts in record.data if facts.note]
    return [f"Data: {data_name(record.plan.data_name(f))}. {f.note.rstrip('.')}." for f in noted]


def _budget(record: Record) -> str:
    study = record.study
    if not study.forced:
        return ""
    assumed = " Assumptions below are of the study without these overrides."
    as_written = assumed if study.assumptions else ""
    return (
        f"This is not the study as specified: {source_of_overrides(study)} set "
        f"{count(len(study.forced), 'value')}, which the training setup lists.{as_written}"
    )


def _few_seeds(effects: Sequence[Effect]) -> str:
    most = max((effect.seeds for effect in effects), default=0)
    if not most:
        return ""
    if most == 1:
        return "One seed per contrast cannot separate an effect from noise."
    if most == 2:
        return "Two seeds per contrast give neither an interval nor a test."
    normal = [effect for effect in effects if effect.method == HOLM]
    if not normal:
        return ""
    return (
        f"{count(len(normal), 'contrast')} with fewer than {FLIP_PAIRS} seeds: their tests and "
        "intervals assume normally distributed differences, which so few seeds cannot show."
    )


def _undecided(effects: Sequence[Effect]) -> str:
    tested = [effect for effect in effects if effect.family]
    undecided = [effect for effect in tested if not effect.decided and not effect.negligible]
    if not undecided:
        return ""
    return (
        f"Not decided: {len(undecided)} of {count(len(tested), 'tested contrast')}, which shows "
        "neither an effect nor that there is none."
    )


def _failures(effects: Sequence[Effect]) -> str:
    failed = [effect for effect in effects if effect.failed or effect.failed_reference]
    if not failed:
        return ""
    return (
        f"Trials of {count(len(failed), 'contrast')} failed: the means of the seeds left say "
        "nothing about those, and decide nothing."
    )


def _pooled(record: Record, trials: pd.DataFrame) -> str:
    if not {"factorial", "fractional"} & {design.kind for design in record.study.designs}:
        return ""
    done = trials[trials["status"] == "done"]
    spreads = 100 * done.groupby("variant")["test_accuracy"].std().dropna()
    if spreads.empty or spreads.max() <= _UNEQUAL * spreads.min():
        return ""
    return (
        f"Cells of the crossed factors differ in spread (standard deviations {spreads.min():.1f} "
        f"to {spreads.max():.1f} points over seeds): intervals of main effects and interactions "
        "pool them, and are too narrow where the noisy cells weigh most."
    )


def _moved_together(record: Record) -> str:
    moved = joint_changes(record)
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
