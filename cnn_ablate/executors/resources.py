"""On what terms trials run: how many at once, what each takes of a machine, and where."""

import os
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Resources:
    """What the user grants to trials, whoever runs them.

    Without `workers` there are as many as fit; without `gpus_per_trial` a trial on a GPU has one.
    `ray_address` names a running Ray cluster.
    """

    workers: int | None = None
    cpus_per_trial: float = 1.0
    gpus_per_trial: float | None = None
    ray_address: str = ""
    device: str = "cpu"

    @property
    def gpus(self) -> float:
        """The share of the GPUs that one trial has."""
        if self.gpus_per_trial is not None:
            return self.gpus_per_trial
        return 1.0 if self.device == "cuda" else 0.0

    def fitting(self, cpus: float, gpus: float) -> int:
        """Count the trials that run at once on a machine with these processors."""
        rooms = [cpus / self.cpus_per_trial] if self.cpus_per_trial else []
        rooms += [gpus / self.gpus] if self.gpus else []
        # Three shares of 0.1 are less than 0.3 in binary.
        return int(min(rooms, default=1) + 1e-6)

    def here(self) -> int:
        """Count the workers for this machine: as many as asked for, or as fit."""
        gpus = torch.cuda.device_count() if self.device == "cuda" else 0
        # Apple's GPU takes one program at a time.
        fitting = 1 if self.device == "mps" else self.fitting(usable_cores(), gpus)
        return self.workers or max(1, fitting)


def usable_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
