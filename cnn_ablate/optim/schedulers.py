"""The way of a learning rate through training; a course hears all and acts when it is its turn."""

from typing import Any

from torch.optim import Optimizer, lr_scheduler


class Scheduler:
    """What moves the learning rate: told of each step and each epoch of the training, in order."""

    def __init__(self, scheduler: lr_scheduler.LRScheduler) -> None:
        self.scheduler = scheduler

    def after_step(self) -> None:
        """Hear that the optimizer has made a step."""

    def after_epoch(self, watched_loss: float) -> None:
        """Hear that an epoch with all its steps is over, and with what loss."""

    def state_dict(self) -> dict[str, Any]:
        """Give what is needed, beside the optimizer's own state, to go on later."""
        return self.scheduler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.scheduler.load_state_dict(state)


class PerStep(Scheduler):
    """A course that moves with every step."""

    def after_step(self) -> None:
        """Move on."""
        self.scheduler.step()


class PerEpoch(Scheduler):
    """A course that moves with every epoch."""

    def after_epoch(self, watched_loss: float) -> None:
        """Move on, whatever the loss."""
        self.scheduler.step()


class OnPlateau(Scheduler):
    """A course that moves when the watched loss stands still."""

    scheduler: lr_scheduler.ReduceLROnPlateau

    def after_epoch(self, watched_loss: float) -> None:
        """Move on if the loss has not fallen for long enough."""
        self.scheduler.step(watched_loss)


class WarmUp(Scheduler):
    """A linear rise, step by step, to the rate from which another course then starts.

    Reference: Goyal et al. 2017, section 2.2 (gradual warm-up).
    """

    def __init__(
        self, then: Scheduler, optimizer: Optimizer, *, epochs: int, steps_per_epoch: int
    ) -> None:
        steps = epochs * steps_per_epoch
        super().__init__(lr_scheduler.LinearLR(optimizer, 1 / steps, total_iters=steps - 1))
        self.then = then
        self.epochs_left = epochs

    def after_step(self) -> None:
        """Rise, or pass it on once all is risen."""
        (self.scheduler.step if self.epochs_left else self.then.after_step)()

    def after_epoch(self, watched_loss: float) -> None:
        """Count the epoch, or pass it on once all is risen."""
        if self.epochs_left:
            self.epochs_left -= 1
        else:
            self.then.after_epoch(watched_loss)

    def state_dict(self) -> dict[str, Any]:
        """Give the states of the rise and of what follows."""
        return {
            "epochs_left": self.epochs_left,
            "rise": super().state_dict(),
            "then": self.then.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.epochs_left = state["epochs_left"]
        super().load_state_dict(state["rise"])
        self.then.load_state_dict(state["then"])
