"""Whether a study, as it was run, is comparable with the paper on a claim."""

from dataclasses import replace
from typing import Any

from cnn_ablate.claims.draft_verdict import DraftVerdict
from cnn_ablate.claims.metrics import EXACT
from cnn_ablate.plan import Weights
from cnn_ablate.schema import Claim, Record, Study, Word, label, value_at
from cnn_ablate.text import listed

# The number format of the arithmetic, and what is logged, change neither the budget nor the data.
_HARMLESS = {"training.precision", "training.log_every"}
# Settings that shorten a training, or leave it fewer images. Published numbers are then not
# comparable; directions are, as both sides have the same budget.
BUDGET = {
    "training.epochs",
    "training.batch_size",
    "training.average_start",
    "schedule.patience",
    "schedule.step_size",
    "data.subset",
    "data.test_subset",
    "data.val_fraction",
}
# The words for what a direction at another budget says of that at the published one.
_EARLY: dict[Word, Word] = {
    "reproduced": "agrees early",
    "direction only": "agrees early",
    "not reproduced": "disagrees early",
}
# The profile whose trainings are so short that directions mean nothing either.
_SMOKE = "smoke"


def obstacle(record: Record, claim: Claim, draft: DraftVerdict, weights: Weights) -> str:
    """Return why a claim is not comparable: another budget, or other data; empty if it is.

    Counts that training cannot change are judged on any budget, and can miss only if the network or
    its data were changed. Published numbers need the published budget, and if they are missed also
    the published data. Directions are judged on whatever both sides share, except in a smoke test.
    """
    exact = claim.metric in EXACT
    if exact and draft.verdict == "reproduced":
        return ""
    sections = ("data.", "model.") if exact else ("",)
    directed = claim.compares and record.study.profile != _SMOKE
    harmless = _HARMLESS | BUDGET if exact or directed else _HARMLESS
    replaced = [key for key in record.study.forced if key.startswith(sections)]
    if set(replaced) - harmless:
        return overrides(record)
    missed = not claim.compares and draft.verdict == "not reproduced"
    return _other_data(record, claim, weights) if missed else ""


def reserve(record: Record, claim: Claim, weights: Weights) -> str:
    """Return the reduced budget or the other data on which a claim was judged; empty if neither."""
    if claim.compares and has_other_budget(record, claim):
        return overrides(record)
    return _other_data(record, claim, weights)


def has_other_budget(record: Record, claim: Claim) -> bool:
    """Return whether the budget differs from the study's, and the claim depends on it."""
    return claim.metric not in EXACT and is_reduced(record.study)


def is_reduced(study: Study) -> bool:
    """Return whether a profile or the command line changed the budget of a study.

    The number format of the arithmetic alone changes none.
    """
    return bool(BUDGET & set(study.forced))


def early(draft: DraftVerdict) -> DraftVerdict:
    """Return the verdict on a direction at another budget, which does not decide the claim."""
    if draft.verdict == "negligible":
        return replace(draft, verdict="inconclusive", reason=f"{draft.reason}, so early")
    return replace(draft, verdict=_EARLY.get(draft.verdict, draft.verdict))


def overrides(record: Record) -> str:
    """Return what a profile or the command line set for all variants; empty if nothing."""
    replaced = replaced_values(record.study)
    return f"{source_of_overrides(record.study)} set {replaced}" if replaced else ""


def source_of_overrides(study: Study) -> str:
    """Return what set values for all variants: a profile, or the command line."""
    return f"profile {study.profile}" if study.profile else "the command line"


def replaced_values(study: Study) -> str:
    """Return the values that were set for all variants, and those of the file."""
    return listed(_override(study, key) for key in study.forced)


def replaced_value(study: Study, key: str) -> str:
    """Return the values of the file at a key that was set for all variants: `200 or 400`."""
    values = dict.fromkeys(map(label, _declared(study, key)))
    is_silent = study.before.get(key) is None and value_at(study.baseline, key) is not None
    default = ["the default"] if is_silent and values else []
    return listed([*default, *values], "or")


def _override(study: Study, key: str) -> str:
    replaced = replaced_value(study, key)
    return f"{key} = {label(study.forced[key])}{f' instead of {replaced}' if replaced else ''}"


def _declared(study: Study, key: str) -> list[Any]:
    """List the values that the file has at a key, in its baseline and in overruled variants."""
    sets = [entry.sets for design in study.designs for entry in design.entries]
    if key in study.fixed:
        sets += [level.sets for factor in study.factors for level in factor.levels]
    declared = [study.before.get(key), *(some[key] for some in sets if key in some)]
    values = [value for value in declared if value is not None]
    return sorted(values) if all(isinstance(value, int | float) for value in values) else values


def _other_data(record: Record, claim: Claim, weights: Weights) -> str:
    counted = claim.metric in EXACT or claim.value is None
    notes = "" if counted else data_notes(record, weights)
    return f"other data: {notes}" if notes else ""


def data_notes(record: Record, weights: Weights) -> str:
    """Return how the data of some variants differ from the published ones; empty if they do not."""
    # The keys of an external trainer are its own: there need not be any about data.
    data = (v.settings.get("data", {}) for v in record.plan.variants if v.name in weights)
    names = {section["name"] for section in data if "name" in section}
    notes = (
        f"{record.plan.data_name(d)}, {d.note}"
        for d in record.data
        if d.note and (d.name in names or not names)
    )
    return "; ".join(notes).rstrip(".")
