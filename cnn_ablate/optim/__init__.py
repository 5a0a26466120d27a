"""Optimizers, learning-rate schedules and losses: the tables of those a study can name."""

from collections.abc import Mapping

from cnn_ablate.optim.losses import CrossEntropy, Focal, LossOptions, Targets
from cnn_ablate.optim.optimizers import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    OptimizerOptions,
    OptimizerStep,
    RMSprop,
    Weight,
)
from cnn_ablate.optim.scheduler_interface import Scheduler
from cnn_ablate.optim.schedules import (
    Constant,
    Cosine,
    Exponential,
    Linear,
    Multistep,
    OneCycle,
    Plateau,
    ScheduleOptions,
    Step,
)

__all__ = [
    "LOSSES",
    "OPTIMIZERS",
    "SCHEDULES",
    "LossOptions",
    "OptimizerOptions",
    "OptimizerStep",
    "ScheduleOptions",
    "Scheduler",
    "Targets",
    "Weight",
]

OPTIMIZERS: Mapping[str, type[OptimizerOptions]] = {
    "adagrad": Adagrad,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
    "sgd": SGD,
}

SCHEDULES: Mapping[str, type[ScheduleOptions]] = {
    "constant": Constant,
    "cosine": Cosine,
    "exponential": Exponential,
    "linear": Linear,
    "multistep": Multistep,
    "one_cycle": OneCycle,
    "plateau": Plateau,
    "step": Step,
}

LOSSES: Mapping[str, type[LossOptions]] = {
    "cross_entropy": CrossEntropy,
    "focal": Focal,
}
