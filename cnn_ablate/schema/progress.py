"""How far a run has come, for other programs to see while it goes on."""

from pydantic import Field

from cnn_ablate.schema.values import Frozen


class RunningTrial(Frozen):
    """A trial that is being trained."""

    epoch: float
    epochs: int
    images_per_second: float


class RunProgress(Frozen):
    """What a run says of itself every few seconds (`progress.json`)."""

    trials: tuple[str, ...] = Field(description="Ids of all trials of the plan.")
    waiting: tuple[str, ...] = Field(description="Ids of those to train that have not ended.")
    under_way: dict[str, RunningTrial] = Field({}, description="By id, those being trained.")
    share: float = Field(0.0, description="Part of the work of this run that is done.")
    process: int = Field(description="Number of the process that runs it.")
    machine: str = Field(description="Name of the machine that runs it.")
    started: str
    updated: str
    over: bool = Field(False, description="Whether the run has ended, or was interrupted.")
