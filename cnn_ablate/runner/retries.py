"""What trouble a trial may make, and how a trial without a result is tried once more."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from cnn_ablate.executors import Ended, Fault, Job


@dataclass(frozen=True)
class RetryPolicy:
    """How often a trial may be lost, how long it may take, and how rarely its state is kept.

    0 for `trial_timeout` (seconds) is no limit, for `checkpoint_minutes` after every epoch.
    """

    retries: int = 1
    trial_timeout: float = 0.0
    checkpoint_minutes: float = 0.0


def another(job: Job, ended: Ended, left: int) -> Job | None:
    """Give the job for another attempt at a trial; None if there is no hope.

    Args:
        job: In which the trial came to no result.
        ended: Why.
        left: How often it may still be lost.
    """
    return _CURES[ended.fault](job, replace(job, trials=(ended.trial,)), left)


def _none(job: Job, alone: Job, left: int) -> Job | None:  # noqa: ARG001 - one of a table
    """Give up: what the trial itself does wrong, it would do again."""
    return None


def _repeated(job: Job, alone: Job, left: int) -> Job | None:  # noqa: ARG001 - one of a table
    return alone if left > 0 else None


def _smaller(job: Job, alone: Job, left: int) -> Job | None:  # noqa: ARG001 - one of a table
    """Take a stack apart, then a trial's batches, until not even one image has room."""
    if len(job.trials) > 1:
        return replace(alone, compute=job.compute.model_copy(update={"stack": 1}))
    size = job.compute.micro_batch or job.trials[0].settings["training"]["batch_size"]
    compute = job.compute.model_copy(update={"stack": 1, "micro_batch": size // 2, "compiled": False})
    return replace(alone, compute=compute) if size > 1 else None


_CURES: dict[Fault, Callable[[Job, Job, int], Job | None]] = {
    "error": _none,
    "lost": _repeated,
    "memory": _smaller,
}
