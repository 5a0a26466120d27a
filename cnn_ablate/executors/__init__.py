"""Where trials run. An executor takes jobs and yields what happens to them; it stores nothing."""

from cnn_ablate.executors.local import Local
from cnn_ablate.executors.protocol import Ended, Event, Executor, Fault, Job, Progress
from cnn_ablate.executors.ray.executor import RayExecutor
from cnn_ablate.executors.resources import Resources, usable_cores

EXECUTORS: dict[str, type[Executor]] = {"local": Local, "ray": RayExecutor}

__all__ = [
    "EXECUTORS",
    "Ended",
    "Event",
    "Executor",
    "Fault",
    "Job",
    "Progress",
    "Resources",
    "usable_cores",
]
