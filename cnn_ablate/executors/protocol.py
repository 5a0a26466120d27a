"""The interface of executors: jobs go in, events come out."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal, Protocol

from cnn_ablate.executors.resources import Resources
from cnn_ablate.external import ExternalJob
from cnn_ablate.locks import LockHolder
from cnn_ablate.schema import ComputeConfig, Trial, TrialResult

# Why a trial has no result: an exception that it would raise again, a worker that was lost or a
# temporary fault of the machine, or too little memory, of which neighbours may have had a part.
FailureKind = Literal["error", "lost", "memory"]


@dataclass(frozen=True)
class Job:
    """A trial to train, how to compute it, and the folders that it needs.

    Attributes:
        trial: What to train.
        compute: How to compute it.
        results: The results folder, for checkpoints and logs.
        data: The folder of data sets, if one was named.
        folder: That of the study file, in which user-defined code is searched.
        packages: Installed packages whose code the study may name.
        timeout: Seconds after which the trial is stopped; 0: never.
        checkpoint_every: Least seconds between two checkpoints.
        external: The user's command, if that trains.
        others: Trials of the same program, which are trained together with it.
    """

    trial: Trial
    compute: ComputeConfig
    results: Path
    data: Path | None
    folder: Path | None = None
    packages: tuple[str, ...] = ()
    timeout: float = 0.0
    checkpoint_every: float = 0.0
    external: ExternalJob | None = None
    others: tuple[Trial, ...] = ()

    @property
    def trials(self) -> tuple[Trial, ...]:
        """All trials of the job."""
        return (self.trial, *self.others)

    def only(self, *trials: Trial) -> "Job":
        """Return the same job for some of its trials."""
        return replace(self, trial=trials[0], others=trials[1:])


@dataclass(frozen=True)
class Progress:
    """How many of its epochs a trial, named by its id, has done."""

    trial: str
    epoch: float
    epochs: int
    images_per_second: float


@dataclass(frozen=True)
class Ended:
    """The end of a trial: its result, or why it has none.

    Attributes:
        trial: The trial.
        compute: How it was computed.
        result: Of a trial that was trained to its end, or diverged.
        error: Why there is no result: one line, then any tracebacks and logs.
        failure: What kind of error that is.
        kept: Whether the store has the result already, from another run.
    """

    trial: Trial
    compute: ComputeConfig
    result: TrialResult | None = None
    error: str = ""
    failure: FailureKind = "error"
    kept: bool = False


@dataclass(frozen=True)
class Waiting:
    """All trials that are left, so many, are being trained by other runs; an executor yields none.

    Attributes:
        trials: How many there are; 0 while another process cleans up the results folder.
        holders: The processes of those runs, each with the time of the first trial that it
            locked, as far as they are known.
    """

    trials: int
    holders: tuple[LockHolder, ...]


Event = Progress | Waiting | Ended


class CheckpointStore(Protocol):
    """Where the checkpoints of unfinished trials are kept."""

    def checkpoint(self, trial: Trial) -> bytes | None:
        """Return the checkpoint of a trial, if there is one."""
        ...

    def save_checkpoint(self, trial: Trial, state: bytes) -> None:
        """Replace the checkpoint of a trial."""
        ...


class Executor(Protocol):
    """Runs jobs, several at a time, on this machine or, if `is_remote`, on others."""

    is_remote: ClassVar[bool]

    def __init__(self, resources: Resources) -> None: ...

    def run(self, jobs: Iterable[Job]) -> Generator[Event, None, None]:
        """Run all jobs in their order; each trial of each has exactly one `Ended`.

        A job is taken from `jobs` only when a worker is free for it, since until then another run
        may train it. Closing the generator stops all workers.
        """
        ...
