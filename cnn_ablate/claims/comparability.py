"""Whether a study, as it was run, may judge a claim at all."""

from cnn_ablate.claims.evidence import EXACT
from cnn_ablate.claims.judgement import Judgement
from cnn_ablate.claims.sides import Weights
from cnn_ablate.schema import Claim, Record
from cnn_ablate.stats import forced

# How numbers are rounded on the way is neither the budget nor the data.
_HARMLESS = {"training.precision"}
# What makes a training shorter, and what goes with it: numbers cannot be compared then,
# directions can, as both sides have it.
BUDGET = {
    "training.epochs",
    "training.batch_size",
    "training.average_start",
    "schedule.patience",
    "schedule.step_size",
    "data.subset",
    "data.test_subset",
}
# With this profile it is so short that directions say nothing either, only that all of it works.
_TRIED = "smoke"


def obstacle(record: Record, claim: Claim, judgement: Judgement, weights: Weights) -> str:
    """Say what keeps a claim from being judged: another budget, or other data; else nothing.

    Counts that training cannot change are judged on any budget, and miss only where the network or
    its data were changed. Published numbers need the published budget, and if they are missed also
    the published data; directions are judged on whatever both sides share, unless that is the
    moment of a smoke test.
    """
    exact = claim.metric in EXACT
    if exact and judgement.verdict == "reproduced":
        return ""
    sections = ("data.", "model.") if exact else ("",)
    directed = claim.compares and record.study.profile != _TRIED
    harmless = _HARMLESS | BUDGET if exact or directed else _HARMLESS
    set_here = [key for key in record.study.forced if key.startswith(sections)]
    if set(set_here) - harmless:
        return forced(record)
    missed = not claim.compares and judgement.verdict == "not reproduced"
    return _other_data(record, claim, weights) if missed else ""


def reserve(record: Record, claim: Claim, weights: Weights) -> str:
    """Say at what reduced budget, or on what other data, a claim was judged all the same."""
    if claim.compares and has_other_budget(record, claim):
        return forced(record)
    return _other_data(record, claim, weights)


def has_other_budget(record: Record, claim: Claim) -> bool:
    """Say whether the budget is not the study's, where that bears on a claim."""
    return claim.metric not in EXACT and bool(BUDGET & set(record.study.forced))


def _other_data(record: Record, claim: Claim, weights: Weights) -> str:
    counted = claim.metric in EXACT or claim.value is None
    notes = "" if counted else data_notes(record, weights)
    return f"other data: {notes}" if notes else ""


def data_notes(record: Record, weights: Weights) -> str:
    """Say in what the data of some variants differ from the published ones; else nothing."""
    names = {v.settings["data"]["name"] for v in record.plan.variants if v.name in weights}
    notes = (
        f"{d.name}, {d.note}" for d in record.data if d.note and (d.name in names or not names)
    )
    return "; ".join(notes).rstrip(".")
