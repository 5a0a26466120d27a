"""The resources of trials: how many run at once, and what each takes of a machine."""

import os
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Resources:
    """What trials may use, on whichever executor.

    Attributes:
        workers: How many trials run at once; None: as many as fit.
        cpus_per_trial: Cores that a trial reserves, whatever number of threads it has.
        gpus_per_trial: Share of a GPU that a trial reserves; None: one on `cuda`, else none.
        ray_address: Address of a running Ray cluster.
        device: What trials are computed on: `cpu`, `cuda` or `mps`.
    """

    workers: int | None = None
    cpus_per_trial: float = 1.0
    gpus_per_trial: float | None = None
    ray_address: str = ""
    device: str = "cpu"

    @property
    def gpus(self) -> float:
        """The share of a GPU that one trial reserves."""
        if self.gpus_per_trial is not None:
            return self.gpus_per_trial
        return 1.0 if self.device == "cuda" else 0.0

    def capacity(self, cpus: float, gpus: float) -> int:
        """Return how many trials fit on a machine with these cores and GPUs at once."""
        limits = [cpus / self.cpus_per_trial] if self.cpus_per_trial else []
        limits += [gpus / self.gpus] if self.gpus else []
        # In floating point, 0.3 / 0.1 is slightly less than 3.
        return int(min(limits, default=1) + 1e-6)

    def local_workers(self) -> int:
        """Return the number of workers on this machine: as asked for, or as many as fit."""
        gpus = torch.cuda.device_count() if self.device == "cuda" else 0
        # Apple's GPU runs the work of one process at a time.
        capacity = 1 if self.device == "mps" else self.capacity(usable_cores(), gpus)
        return self.workers or max(1, capacity)


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
