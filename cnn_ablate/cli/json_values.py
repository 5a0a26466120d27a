"""What commands print with `--json`: one class per command, from which the schema is made."""

from typing import Any, Literal

from pydantic import Field

from cnn_ablate.schema import Effect, Finding, Frozen, Outlook, Status, Verdict


class Knob(Frozen):
    """An option of an entry; `default` is null if it is required."""

    name: str
    default: str | None
    about: str


class TableEntry(Frozen):
    """An entry of a table."""

    name: str
    about: str = ""
    knobs: tuple[Knob, ...] = ()


class ListedTable(Frozen):
    """`list`: the entries of a table, or the tables if none was named."""

    table: str
    entries: tuple[TableEntry, ...]


class PilotContrast(Frozen):
    """What a pilot says of a contrast, in the unit of differences of the metric."""

    variant: str
    reference: str
    seen: int = Field(description="Pairs of the pilot.")
    sd: float = Field(description="Standard deviation of their differences.")
    half_width: float = Field(description="Expected half-width with the planned seeds.")
    smallest_effect: float = Field(description="What they find with 80 % power.")
    seeds_needed: int | None = Field(
        description="To find the margin; null without one, or beyond 1,000 seeds."
    )


class PlannedStudy(Frozen):
    """`plan`: the variants of a study, and what its seeds and test images can show."""

    study: str
    variants: tuple[dict[str, Any], ...] = Field(
        description="Changes, reference, size, seeds and trials per variant, and those done."
    )
    outlook: Outlook = Field(description="What the seeds and the test images can show.")
    pilot: tuple[PilotContrast, ...] = Field(description="Spread per contrast, with `--from`.")


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


RunEvent = (
    PlanEvent
    | FindingEvent
    | LookEvent
    | ProgressEvent
    | TrialEvent
    | EffectEvent
    | VerdictEvent
    | EndEvent
)


class PackedStudy(Frozen):
    """`pack`: the ZIP file, the names in it, and the number of trials."""

    file: str
    files: tuple[str, ...]
    trials: int


class Predictions(Frozen):
    """`predict`: the CSV file, and how many images and networks it is from."""

    file: str
    images: int
    skipped: int
    networks: int
