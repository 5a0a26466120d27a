"""The progress of a run, for other programs to read meanwhile."""

from pydantic import Field

from cnn_ablate.schema.values import Frozen


class RunningTrial(Frozen):
    """A trial that is being trained."""

    epoch: float
    epochs: int
    images_per_second: float


class RunProgress(Frozen):
    """The progress of a run, written every few seconds (`progress.json`)."""

    trials: tuple[str, ...] = Field(description="Ids of all trials that are needed so far.")
    waiting: tuple[str, ...] = Field(description="Ids of trials to train that have not ended.")
    under_way: dict[str, RunningTrial] = Field({}, description="Trials being trained, by id.")
    share: float = Field(0.0, description="Fraction of this run's work that is done.")
    look: str = Field("", description="The state of a study with looks, in words.")
    process: int = Field(description="Process id of the run.")
    machine: str = Field(description="Host name of the run's machine.")
    started: str
    updated: str
    over: bool = Field(False, description="Whether the run has ended, or was interrupted.")
