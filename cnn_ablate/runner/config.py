"""What a run is given beside its study: folders, device, executor, retries, compute settings."""

from dataclasses import dataclass, field
from pathlib import Path

import torch

from cnn_ablate.errors import UserError
from cnn_ablate.executors import EXECUTORS, Executor, Resources
from cnn_ablate.schema import ComputeConfig
from cnn_ablate.value_errors import unknown_name

# The values of --compute other than `auto`.
COMPUTE: dict[str, ComputeConfig] = {
    "eager": ComputeConfig(),
    "aot": ComputeConfig(backend="aot"),
    "graph": ComputeConfig(backend="graph"),
    "reference": ComputeConfig(layout="contiguous", fused=False),
}


@dataclass(frozen=True)
class RetryPolicy:
    """How often a lost trial is retried, its time limit, and how often its state is saved.

    A trial is lost if its worker dies or the time limit (in seconds) is exceeded. A limit of 0
    means none; 0 minutes between checkpoints mean one per epoch.
    """

    retries: int = 1
    trial_timeout: float = 0.0
    checkpoint_minutes: float = 0.0


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Where results and data are, and on what and how trials run.

    The device is `resources.device`, as `resolve_device` returned it. `compute` is `auto` or a
    key of COMPUTE.

    Raises:
        UserError: there is no such executor, or there are no such compute settings.
    """

    results: Path = Path("results")
    data: Path | None = None
    executor: str = "local"
    resources: Resources = field(default_factory=Resources)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    compute: str = "auto"

    def __post_init__(self) -> None:
        executor_class(self.executor)
        if self.compute not in (known := ["auto", *COMPUTE]):
            what = unknown_name("compute settings", self.compute, known)
            raise UserError(f"--compute {self.compute}", *what)

    @property
    def device(self) -> str:
        """The device that trials are computed on."""
        return self.resources.device


def executor_class(name: str) -> type[Executor]:
    """Return the class of an executor; raises UserError if there is none of this name."""
    if name not in EXECUTORS:
        raise UserError(f"--executor {name}", *unknown_name("executor", name, EXECUTORS))
    return EXECUTORS[name]


def resolve_device(
    requested: str = "auto", *, executor: str = "local", gpus_per_trial: float | None = None
) -> str:
    """Return the device to train on: for `auto` the fastest of this machine.

    An executor of other machines has GPUs if the user asks for a share of one per trial.

    Raises:
        UserError: there is no such device, or no such executor.
    """
    remote_gpu = executor_class(executor).is_remote and bool(gpus_per_trial)
    available = {
        "cuda": remote_gpu or torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if requested == "auto":
        return next(name for name, is_available in available.items() if is_available)
    if not available.get(requested, False):
        what = "this machine has no such device."
        raise UserError(f"--device {requested}", what, "Try auto or cpu.")
    return requested
