"""Learning-rate schedulers behind one interface.

They are called after every step and every epoch, and each acts on its own unit.
"""

from typing import Any

from torch.optim import Optimizer, lr_scheduler


class Scheduler:
    """Sets the learning rate of an optimizer; called after each step and each epoch, in order."""

    def __init__(self, scheduler: lr_scheduler.LRScheduler) -> None:
        self.scheduler = scheduler

    def after_step(self) -> None:
        """Act after an optimizer step."""

    def after_epoch(self, monitored_loss: float) -> None:
        """Act after the last step of an epoch."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state to resume from, beside that of the optimizer."""
        return self.scheduler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume from a state."""
        self.scheduler.load_state_dict(state)


class PerStep(Scheduler):
    """A scheduler that acts on every step."""

    def after_step(self) -> None:
        """Set the rate of the next step."""
        self.scheduler.step()


class PerEpoch(Scheduler):
    """A scheduler that acts on every epoch."""

    def after_epoch(self, monitored_loss: float) -> None:
        """Set the rate of the next epoch, whatever the loss."""
        self.scheduler.step()


class OnPlateau(Scheduler):
    """A scheduler that acts when the monitored loss stops falling."""

    scheduler: lr_scheduler.ReduceLROnPlateau

    def after_epoch(self, monitored_loss: float) -> None:
        """Reduce the rate if the loss has not fallen for long enough."""
        self.scheduler.step(monitored_loss)


class WarmUp(Scheduler):
    """A linear increase, step by step, to the rate at which another scheduler then starts.

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
        """Increase the rate, or after the warm-up call the other scheduler."""
        (self.scheduler.step if self.epochs_left else self.then.after_step)()

    def after_epoch(self, monitored_loss: float) -> None:
        """Count the epoch, or after the warm-up call the other scheduler."""
        if self.epochs_left:
            self.epochs_left -= 1
        else:
            self.then.after_epoch(monitored_loss)

    def state_dict(self) -> dict[str, Any]:
        """Return the states of the warm-up and of the scheduler after it."""
        return {
            "epochs_left": self.epochs_left,
            "rise": super().state_dict(),
            "then": self.then.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume from a state."""
        self.epochs_left = state["epochs_left"]
        super().load_state_dict(state["rise"])
        self.then.load_state_dict(state["then"])
