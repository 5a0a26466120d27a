"""What goes into an executor and what comes out of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cnn_ablate.schema import Recipe, Trial, TrialResult


@dataclass(frozen=True)
class Job:
    """Trials to train together, how to compute them, and where data and checkpoints are.

    Several trials are a stack. `folder` is that of the study file, where a network of the user's
    may lie.
    """

    trials: tuple[Trial, ...]
    recipe: Recipe
    results: Path
    data: Path | None
    folder: Path | None = None


@dataclass(frozen=True)
class Progress:
    """How far a trial has come."""

    trial: str
    epoch: float
    epochs: int
    images_per_second: float


@dataclass(frozen=True)
class Ended:
    """A trial has a result, or a reason why it has none."""

    trial: Trial
    recipe: Recipe
    result: TrialResult | None = None
    error: str = ""


Event = Progress | Ended


class States(Protocol):
    """Where the states of unfinished trials are kept."""

    def checkpoint(self, trial: Trial) -> bytes | None:
        """Read the state of a trial, if there is one."""
        ...

    def save_checkpoint(self, trial: Trial, state: bytes) -> None:
        """Replace the state of a trial."""
        ...


class Executor(Protocol):
    """Runs jobs somewhere, several at a time."""

    def run(self, jobs: Iterable[Job]) -> Iterator[Event]:
        """Run all jobs; each trial comes to one `Ended`. Closing the iterator stops them."""
        ...
