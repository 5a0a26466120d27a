"""The events that `run --json` prints, one per line."""

from typing import Literal

from cnn_ablate.locks import LockHolder
from cnn_ablate.schema import Effect, Finding, Frozen, Status, Verdict


class PlanEvent(Frozen):
    """`run`: what the study has, before anything is trained; with looks, the most to train."""

    event: Literal["plan"] = "plan"
    study: str
    variants: int
    trials: int
    done: int
    to_train: int


class FindingEvent(Frozen):
    """`run`: a finding of the audit or of the checks."""

    event: Literal["finding"] = "finding"
    found: Literal["before training", "after training"]
    finding: Finding


class WatchEvent(Frozen):
    """`run --watch`: the address of the page that shows the report while trials end."""

    event: Literal["watch"] = "watch"
    url: str


class LookEvent(Frozen):
    """`run`: the state of a study that decides on its seeds by looks."""

    event: Literal["look"] = "look"
    state: str
    to_train: int


class ProgressEvent(Frozen):
    """`run`: how far a trial has come, every few seconds; `seconds_left` is that of all trials."""

    event: Literal["progress"] = "progress"
    trial: str
    epoch: float
    epochs: int
    seconds_left: float | None


class WaitingEvent(Frozen):
    """`run`: other runs train all trials that are left; `holders` are their processes.

    `trials` is 0 before the run begins, while another process cleans up the results folder.
    """

    event: Literal["waiting"] = "waiting"
    trials: int
    holders: tuple[LockHolder, ...]


class TrialEvent(Frozen):
    """`run`: the end of a trial; `ended` of `expected` trials of this run have ended."""

    event: Literal["trial"] = "trial"
    trial: str
    variant: str
    seed: int
    status: Status
    test_accuracy: float | None
    error: str
    ended: int
    expected: int
    seconds_left: float | None


class EffectEvent(Frozen):
    """`run`: an effect, a row of effects.csv."""

    event: Literal["effect"] = "effect"
    effect: Effect


class VerdictEvent(Frozen):
    """`run`: the verdict on a claim, a row of claims.csv."""

    event: Literal["verdict"] = "verdict"
    verdict: Verdict


class EndEvent(Frozen):
    """`run`: the last event; `failed` has the trials without a result."""

    event: Literal["end"] = "end"
    results: str
    report: str
    report_was_up_to_date: bool
    failed: tuple[str, ...]


class FoundError(Frozen):
    """What is wrong and where, and a hint; both may be empty."""

    where: str
    what: str
    hint: str


class ErrorEvent(Frozen):
    """Any command that ends with an error: its exit code, and all that is wrong; the last line."""

    event: Literal["error"] = "error"
    exit_code: int
    errors: tuple[FoundError, ...]


RunEvent = (
    PlanEvent
    | FindingEvent
    | WatchEvent
    | LookEvent
    | ProgressEvent
    | WaitingEvent
    | TrialEvent
    | EffectEvent
    | VerdictEvent
    | EndEvent
    | ErrorEvent
)
