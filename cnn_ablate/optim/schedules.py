"""Learning-rate schedules: torch's own schedulers, told of each step and each epoch alike."""

from abc import abstractmethod
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from torch.optim import Optimizer, lr_scheduler

from cnn_ablate.errors import UserError
from cnn_ablate.optim.schedulers import OnPlateau, PerEpoch, PerStep, Scheduler, WarmUp
from cnn_ablate.options import Options, knob


class ScheduleOptions(Options):
    """The knobs of a schedule."""

    @abstractmethod
    def build(self, optimizer: Optimizer, *, epochs: int, steps_per_epoch: int) -> Scheduler:
        """Take charge of the optimizer's learning rate for a training of this length."""


class WarmedUp(ScheduleOptions):
    """A schedule that a linear warm-up may precede: the schedule itself starts after it."""

    warmup_epochs: int = knob(0, "Epochs in which the rate first rises, step by step.", ge=0)

    def build(self, optimizer: Optimizer, *, epochs: int, steps_per_epoch: int) -> Scheduler:
        """Take charge of the optimizer's learning rate for a training of this length."""
        course = self._course(optimizer, max(epochs - self.warmup_epochs, 1))
        if self.warmup_epochs == 0:
            return course
        return WarmUp(course, optimizer, epochs=self.warmup_epochs, steps_per_epoch=steps_per_epoch)

    @abstractmethod
    def _course(self, optimizer: Optimizer, epochs: int) -> Scheduler: ...


class Constant(WarmedUp):
    """The optimizer's learning rate throughout."""

    def _course(self, optimizer: Optimizer, epochs: int) -> Scheduler:
        return PerEpoch(lr_scheduler.ConstantLR(optimizer, factor=1.0, total_iters=epochs))


class Step(WarmedUp):
    """Times gamma every few epochs."""

    step_size: int = knob(30, "Epochs between two steps.", ge=1)
    gamma: float = knob(0.1, "Factor of each step.", gt=0)

    def _course(self, optimizer: Optimizer, epochs: int) -> Scheduler:
        return PerEpoch(lr_scheduler.StepLR(optimizer, self.step_size, self.gamma))


class Multistep(WarmedUp):
    """Times gamma at given epochs, counted from the start of the training."""

    milestones: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(strict=False)] = knob(
        (30, 60, 80), "Epochs after which the rate steps down; later than the warm-up."
    )
    gamma: float = knob(0.1, "Factor of each step.", gt=0)

    @model_validator(mode="after")
    def _milestones_follow_warmup(self) -> "Multistep":
        if any(epoch <= self.warmup_epochs for epoch in self.milestones):
            raise ValueError("a milestone lies within the warm-up")
        return self

    def _course(self, optimizer: Optimizer, epochs: int) -> Scheduler:
        milestones = [epoch - self.warmup_epochs for epoch in self.milestones]
        return PerEpoch(lr_scheduler.MultiStepLR(optimizer, milestones, self.gamma))


class Exponential(WarmedUp):
    """Times gamma every epoch."""

    gamma: float = knob(0.95, "Factor of each epoch.", gt=0)

    def _course(self, optimizer: Optimizer, epochs: int) -> Scheduler:
        return PerEpoch(lr_scheduler.ExponentialLR(optimizer, self.gamma))


class Cosine(WarmedUp):
    """Half a cosine from the optimizer's learning rate down, epoch by epoch.

    Reference: Loshchilov and Hutter 2017, equation 5, without restarts.
    """

    min_lr: float = knob(0.0, "Learning rate that the end would reach.", ge=0)

    def _course(self, optimizer: Optimizer, epochs: int) -> Scheduler:
        return PerEpoch(lr_scheduler.CosineAnnealingLR(optimizer, epochs, self.min_lr))


class Linear(WarmedUp):
    """A straight line from the optimizer's learning rate down, epoch by epoch."""

    end_factor: float = knob(
        0.0, "Share of the learning rate that the end would reach.", ge=0, le=1
    )

    def _course(self, optimizer: Optimizer, epochs: int) -> Scheduler:
        return PerEpoch(lr_scheduler.LinearLR(optimizer, 1.0, self.end_factor, epochs))


class Plateau(WarmedUp):
    """Times a factor whenever the watched loss has not fallen for some epochs."""

    factor: float = knob(0.1, "Factor of each step.", gt=0, lt=1)
    patience: int = knob(10, "Epochs without improvement that are borne.", ge=0)
    threshold: float = knob(1e-4, "Relative fall that counts as improvement.", ge=0, lt=1)
    cooldown: int = knob(0, "Epochs after a step in which none is counted.", ge=0)
    min_lr: float = knob(0.0, "Lowest learning rate.", ge=0)

    def _course(self, optimizer: Optimizer, epochs: int) -> Scheduler:
        knobs: dict[str, Any] = self.model_dump(exclude={"warmup_epochs"})
        return OnPlateau(lr_scheduler.ReduceLROnPlateau(optimizer, **knobs))


class OneCycle(ScheduleOptions):
    """Up to a maximum and down to almost nothing, step by step; it sets the learning rate itself.

    Reference: Smith and Topin 2018.
    """

    max_lr: float = knob(0.01, "Highest learning rate.", gt=0)
    pct_start: float = knob(0.3, "Share of the steps that lead up to it.", ge=0, lt=1)
    div_factor: float = knob(25.0, "Highest rate over the first.", ge=1)
    final_div_factor: float = knob(10_000.0, "First rate over the last.", ge=1)
    anneal: Literal["cos", "linear"] = knob("cos", "Shape of the way up and down.")
    cycle_momentum: bool = knob(
        True, "Move momentum, or Adam's first beta, the other way: 0.95, down to 0.85, and back."
    )

    def build(self, optimizer: Optimizer, *, epochs: int, steps_per_epoch: int) -> Scheduler:
        """Take charge of the optimizer's learning rate for a training of this length.

        Raises:
            UserError: momentum shall move, and the optimizer has none.
        """
        if self.cycle_momentum and not {"momentum", "betas"} & optimizer.defaults.keys():
            kind = type(optimizer).__name__.lower()
            raise UserError(
                "schedule.cycle_momentum", f"{kind} has no momentum to move.", "Set it to false."
            )
        knobs: dict[str, Any] = self.model_dump(exclude={"anneal"})
        total = epochs * steps_per_epoch
        if self.pct_start * total == 1:
            knobs["pct_start"] *= 1 + 1e-9  # torch divides by the steps up, less one
        return PerStep(
            lr_scheduler.OneCycleLR(
                optimizer, total_steps=total, anneal_strategy=self.anneal, **knobs
            )
        )
