"""What goes into an executor and what comes out of it."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Protocol

from cnn_ablate.executors.resources import Resources
from cnn_ablate.schema import ComputeConfig, Trial, TrialResult

# Why a trial has no result: it raised (and would again), it was lost with its worker or to a
# passing trouble of the machine, or its device has too little memory for whole batches.
Fault = Literal["error", "lost", "memory"]


@dataclass(frozen=True)
class Job:
    """Trials to train together, how to compute them, and where data and checkpoints are.

    Several trials are a stack. `folder` is that of the study file, where a network of the user's
    may lie. A trial that has not ended after `timeout` seconds (0: no limit) is lost; between two
    of its checkpoints lie at least `checkpoint_every` seconds.
    """

    trials: tuple[Trial, ...]
    compute: ComputeConfig
    results: Path
    data: Path | None
    folder: Path | None = None
    timeout: float = 0.0
    checkpoint_every: float = 0.0


@dataclass(frozen=True)
class Progress:
    """How far a trial has come."""

    trial: str
    epoch: float
    epochs: int
    images_per_second: float


@dataclass(frozen=True)
class Ended:
    """A trial has a result, or a reason why it has none: in one line, and then its traces.

    With `kept` the store has the result already: another run came first.
    """

    trial: Trial
    compute: ComputeConfig
    result: TrialResult | None = None
    error: str = ""
    fault: Fault = "error"
    kept: bool = False


Event = Progress | Ended


class CheckpointStore(Protocol):
    """Where the states of unfinished trials are kept."""

    def checkpoint(self, trial: Trial) -> bytes | None:
        """Read the state of a trial, if there is one."""
        ...

    def save_checkpoint(self, trial: Trial, state: bytes) -> None:
        """Replace the state of a trial."""
        ...


class Executor(Protocol):
    """Runs jobs somewhere, several at a time: here, or `elsewhere` on other machines."""

    elsewhere: ClassVar[bool]

    def __init__(self, terms: Resources) -> None: ...

    def run(self, jobs: Iterable[Job]) -> Generator[Event, None, None]:
        """Run all jobs; each trial comes to one `Ended`. Closing the generator stops them.

        A job is taken from `jobs` only when there is a worker for it: another run may take it.
        """
        ...
