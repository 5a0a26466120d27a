"""Callbacks of a training: progress after each step, checkpoints after each epoch."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Hooks:
    """What a training calls; by default nothing is reported, and no checkpoint is made.

    Attributes:
        progress: Called after each step with the epochs done so far (a fraction within an epoch)
            and the images trained per second.
        checkpoint_due: Called after each epoch; returns whether a checkpoint is to be made.
        save_checkpoint: Called with the checkpoint, if one was due.
    """

    progress: Callable[[float, float], None] = lambda epochs, speed: None  # noqa: ARG005
    checkpoint_due: Callable[[], bool] = lambda: True
    save_checkpoint: Callable[[bytes], None] | None = None
