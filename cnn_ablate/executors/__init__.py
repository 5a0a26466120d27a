"""Executors train the trials of jobs on worker processes, and yield the events of each.

Results are passed on in events, and published by the runner; executors store checkpoints and logs.
"""

from cnn_ablate.executors.local import LocalExecutor
from cnn_ablate.executors.protocol import (
    Ended,
    Event,
    Executor,
    FailureKind,
    Job,
    Progress,
    Waiting,
)
from cnn_ablate.executors.ray.executor import RayExecutor
from cnn_ablate.executors.resources import Resources, usable_cores

EXECUTORS: dict[str, type[Executor]] = {"local": LocalExecutor, "ray": RayExecutor}

__all__ = [
    "EXECUTORS",
    "Ended",
    "Event",
    "Executor",
    "FailureKind",
    "Job",
    "Progress",
    "Resources",
    "Waiting",
    "usable_cores",
]
