"""Optimizers: torch's own classes with the knobs of the YAML."""

from inspect import signature
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field, model_validator
from torch import nn

from cnn_ablate.options import Options, knob

_Beta = Annotated[float, Field(ge=0, lt=1)]
# YAML has lists and no tuples, so the field accepts both.
_Betas = Annotated[tuple[_Beta, _Beta], Field(strict=False)]


class OptimizerOptions(Options):
    """The knobs that all optimizers share; knobs have the names of torch's arguments."""

    torch_class: ClassVar[type[torch.optim.Optimizer]]

    lr: float = knob(0.001, "Learning rate.", gt=0)
    weight_decay: float = knob(0.0, "Weight decay.", ge=0)
    decay_norms_and_biases: bool = knob(
        True,
        "Whether weight decay also applies to biases and normalisation layers.",
        unless={"weight_decay": (0.0,)},
    )

    def build(self, model: nn.Module, *, fused: bool = False) -> torch.optim.Optimizer:
        """Build the optimizer of the model's trainable parameters.

        Args:
            model: On its device already.
            fused: Use torch's fused update if it has one: the same step, rounded differently.
        """
        knobs: dict[str, Any] = self.model_dump(exclude={"decay_norms_and_biases"})
        if fused and "fused" in signature(self.torch_class).parameters:
            knobs["fused"] = True
        return self.torch_class(self._groups(model), **knobs)

    def _groups(self, model: nn.Module) -> list[dict[str, Any]]:
        trainable = [weight for weight in model.parameters() if weight.requires_grad]
        if self.decay_norms_and_biases:
            return [{"params": trainable}]
        decayed = [weight for weight in trainable if weight.ndim > 1]
        not_decayed = [weight for weight in trainable if weight.ndim <= 1]
        groups: list[dict[str, Any]] = [
            {"params": decayed},
            {"params": not_decayed, "weight_decay": 0.0},
        ]
        return [group for group in groups if group["params"]]


class SGD(OptimizerOptions):
    """Stochastic gradient descent, plain, with momentum, or with Nesterov momentum."""

    torch_class = torch.optim.SGD

    lr: float = knob(0.01, "Learning rate.", gt=0)
    momentum: float = knob(
        0.0, "Momentum factor: fraction of the last update that is kept.", ge=0, lt=1
    )
    dampening: float = knob(
        0.0,
        "Dampening: fraction of the gradient that does not enter the momentum.",
        ge=0,
        le=1,
        unless={"momentum": (0.0,)},
    )
    nesterov: bool = knob(False, "Use Nesterov momentum.")

    @model_validator(mode="after")
    def _nesterov_has_momentum(self) -> "SGD":
        if self.nesterov and (self.momentum == 0 or self.dampening > 0):
            raise ValueError("nesterov needs a momentum above 0 and a dampening of 0")
        return self


class Adam(OptimizerOptions):
    """Adam; weight decay is added to the gradient.

    Reference: Kingma and Ba 2015, algorithm 1.
    """

    torch_class: ClassVar[type[torch.optim.Optimizer]] = torch.optim.Adam

    betas: _Betas = knob(
        (0.9, 0.999), "Decay rates of the running means of the gradient and of its square."
    )
    eps: float = knob(1e-8, "Added to the denominator.", ge=0)
    amsgrad: bool = knob(False, "Divide by the maximum of the running means so far (AMSGrad).")


class AdamW(Adam):
    """Adam with decoupled weight decay.

    Reference: Loshchilov and Hutter 2019, algorithm 2.
    """

    torch_class = torch.optim.AdamW

    weight_decay: float = knob(0.01, "Weight decay.", ge=0)


class RMSprop(OptimizerOptions):
    """Gradient divided by the root of the running mean of its square."""

    torch_class = torch.optim.RMSprop

    lr: float = knob(0.01, "Learning rate.", gt=0)
    alpha: float = knob(0.99, "Decay rate of the running mean of the squared gradient.", ge=0, lt=1)
    eps: float = knob(1e-8, "Added to the denominator.", ge=0)
    momentum: float = knob(
        0.0, "Momentum factor: fraction of the last update that is kept.", ge=0, lt=1
    )
    centered: bool = knob(False, "Divide by the running variance instead of the mean square.")


class Adagrad(OptimizerOptions):
    """Gradient divided by the root of the sum of its squares.

    Reference: Duchi, Hazan and Singer 2011.
    """

    torch_class = torch.optim.Adagrad

    lr: float = knob(0.01, "Learning rate.", gt=0)
    lr_decay: float = knob(0.0, "Decay of the learning rate per step.", ge=0)
    initial_accumulator_value: float = knob(0.0, "Initial value of the sum of squares.", ge=0)
    eps: float = knob(1e-10, "Added to the denominator.", ge=0)
