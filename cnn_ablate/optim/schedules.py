"""Learning-rate schedules: torch's own schedulers with the knobs of the YAML."""

from abc import abstractmethod
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from torch.optim import Optimizer, lr_scheduler

from cnn_ablate.errors import UserError
from cnn_ablate.optim.scheduler_interface import OnPlateau, PerEpoch, PerStep, Scheduler, WarmUp
from cnn_ablate.options import Options, knob


class ScheduleOptions(Options):
    """The knobs of a schedule."""

    @abstractmethod
    def build(self, optimizer: Optimizer, *, epochs: int, steps_per_epoch: int) -> Scheduler:
        """Build the scheduler of an optimizer for a training of this length."""


class WithWarmUp(ScheduleOptions):
    """A schedule with an optional linear warm-up, after which the schedule itself starts."""

    warmup_epochs: int = knob(0, "Epochs of linear warm-up, step by step.", ge=0)

    def build(self, optimizer: Optimizer, *, epochs: int, steps_per_epoch: int) -> Scheduler:
        """Build the scheduler of an optimizer for a training of this length."""
        scheduler = self._scheduler(optimizer, max(epochs - self.warmup_epochs, 1))
        if self.warmup_epochs == 0:
            return scheduler
        return WarmUp(
            scheduler, optimizer, epochs=self.warmup_epochs, steps_per_epoch=steps_per_epoch
        )

    @abstractmethod
    def _scheduler(self, optimizer: Optimizer, epochs: int) -> Scheduler: ...


class Constant(WithWarmUp):
    """The optimizer's learning rate in all epochs."""

    def _scheduler(self, optimizer: Optimizer, epochs: int) -> Scheduler:
        return PerEpoch(lr_scheduler.ConstantLR(optimizer, factor=1.0, total_iters=epochs))


class Step(WithWarmUp):
    """Multiply by gamma every `step_size` epochs."""

    step_size: int = knob(30, "Epochs between two reductions.", ge=1)
    gamma: float = knob(0.1, "Factor per reduction.", gt=0)

    def _scheduler(self, optimizer: Optimizer, epochs: int) -> Scheduler:
        return PerEpoch(lr_scheduler.StepLR(optimizer, self.step_size, self.gamma))


class Multistep(WithWarmUp):
    """Multiply by gamma at given epochs, counted from the start of the training."""

    milestones: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(strict=False)] = knob(
        (30, 60, 80), "Epochs after which the rate is multiplied; later than the warm-up."
    )
    gamma: float = knob(0.1, "Factor per reduction.", gt=0)

    @model_validator(mode="after")
    def _milestones_follow_warmup(self) -> "Multistep":
        if any(epoch <= self.warmup_epochs for epoch in self.milestones):
            raise ValueError("a milestone is within the warm-up")
        return self

    def _scheduler(self, optimizer: Optimizer, epochs: int) -> Scheduler:
        milestones = [epoch - self.warmup_epochs for epoch in self.milestones]
        return PerEpoch(lr_scheduler.MultiStepLR(optimizer, milestones, self.gamma))


class Exponential(WithWarmUp):
    """Multiply by gamma every epoch."""

    gamma: float = knob(0.95, "Factor per epoch.", gt=0)

    def _scheduler(self, optimizer: Optimizer, epochs: int) -> Scheduler:
        return PerEpoch(lr_scheduler.ExponentialLR(optimizer, self.gamma))


class Cosine(WithWarmUp):
    """Cosine annealing from the optimizer's learning rate, epoch by epoch.

    Reference: Loshchilov and Hutter 2017, equation 5, without restarts.
    """

    min_lr: float = knob(0.0, "Learning rate that would follow the last epoch.", ge=0)

    def _scheduler(self, optimizer: Optimizer, epochs: int) -> Scheduler:
        return PerEpoch(lr_scheduler.CosineAnnealingLR(optimizer, epochs, self.min_lr))


class Linear(WithWarmUp):
    """Linear decay from the optimizer's learning rate, epoch by epoch."""

    end_factor: float = knob(
        0.0, "Fraction of the learning rate that would follow the last epoch.", ge=0, le=1
    )

    def _scheduler(self, optimizer: Optimizer, epochs: int) -> Scheduler:
        return PerEpoch(lr_scheduler.LinearLR(optimizer, 1.0, self.end_factor, epochs))


class Plateau(WithWarmUp):
    """Multiply by a factor when the monitored loss has not fallen for some epochs."""

    factor: float = knob(0.1, "Factor per reduction.", gt=0, lt=1)
    patience: int = knob(10, "Epochs without improvement before the rate is reduced.", ge=0)
    threshold: float = knob(1e-4, "Relative decrease that counts as an improvement.", ge=0, lt=1)
    cooldown: int = knob(0, "Epochs after a reduction that are not counted.", ge=0)
    min_lr: float = knob(0.0, "Lowest learning rate.", ge=0)

    def _scheduler(self, optimizer: Optimizer, epochs: int) -> Scheduler:
        knobs: dict[str, Any] = self.model_dump(exclude={"warmup_epochs"})
        return OnPlateau(lr_scheduler.ReduceLROnPlateau(optimizer, **knobs))


class OneCycle(ScheduleOptions):
    """Up to a maximum and down to almost zero, step by step; ignores the optimizer's rate.

    Reference: Smith and Topin 2018.
    """

    max_lr: float = knob(0.01, "Highest learning rate.", gt=0)
    pct_start: float = knob(0.3, "Fraction of the steps in which the rate rises.", ge=0, lt=1)
    div_factor: float = knob(25.0, "Highest rate divided by the first.", ge=1)
    final_div_factor: float = knob(10_000.0, "First rate divided by the last.", ge=1)
    anneal: Literal["cos", "linear"] = knob("cos", "Shape of rise and fall.")
    cycle_momentum: bool = knob(
        True, "Cycle momentum, or Adam's first beta, inversely: from 0.95 down to 0.85, and back."
    )

    def build(self, optimizer: Optimizer, *, epochs: int, steps_per_epoch: int) -> Scheduler:
        """Build the scheduler of an optimizer for a training of this length.

        Raises:
            UserError: momentum is to be cycled, and the optimizer has none.
        """
        if self.cycle_momentum and not {"momentum", "betas"} & optimizer.defaults.keys():
            kind = type(optimizer).__name__.lower()
            raise UserError(
                "schedule.cycle_momentum", f"{kind} has no momentum to cycle.", "Set it to false."
            )
        knobs: dict[str, Any] = self.model_dump(exclude={"anneal"})
        total = epochs * steps_per_epoch
        if self.pct_start * total == 1:
            knobs["pct_start"] *= 1 + 1e-9  # torch divides by the number of rising steps less one
        return PerStep(
            lr_scheduler.OneCycleLR(
                optimizer, total_steps=total, anneal_strategy=self.anneal, **knobs
            )
        )
