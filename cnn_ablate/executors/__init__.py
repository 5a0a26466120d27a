"""Where trials run. An executor takes jobs and yields what happens to them; it stores nothing."""

from cnn_ablate.executors.cluster import Cluster
from cnn_ablate.executors.events import Ended, Event, Executor, Fault, Job, Progress
from cnn_ablate.executors.local import Local
from cnn_ablate.executors.terms import Terms, usable_cores

EXECUTORS: dict[str, type[Executor]] = {"local": Local, "ray": Cluster}

__all__ = [
    "EXECUTORS",
    "Ended",
    "Event",
    "Executor",
    "Fault",
    "Job",
    "Progress",
    "Terms",
    "usable_cores",
]
