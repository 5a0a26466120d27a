"""Optimizers: torch's own classes with the knobs of the YAML."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Annotated, Any, ClassVar

import torch
from jaxtyping import Float, Int64
from pydantic import Field, model_validator
from torch import Tensor, nn

from cnn_ablate.options import Options, knob

_Beta = Annotated[float, Field(ge=0, lt=1)]
# YAML has lists and no tuples, so the field accepts both.
_Betas = Annotated[tuple[_Beta, _Beta], Field(strict=False)]


@dataclass(frozen=True)
class Weight:
    """A weight, its gradient, its state, and its weight decay: tensors of one shape."""

    value: Tensor
    gradient: Tensor
    state: Mapping[str, Tensor]
    decay: float | Tensor = 0.0

    def decayed_gradient(self) -> Tensor:
        """Return the gradient of the loss with an L2 penalty."""
        if isinstance(self.decay, float) and self.decay == 0:
            return self.gradient
        return self.gradient + self.decay * self.value


@dataclass(frozen=True)
class OptimizerStep:
    """The learning rate of a step, the steps in earlier epochs, and those before it in its own."""

    rate: Float[Tensor, "*shape"]
    earlier_steps: Int64[Tensor, "*shape"]
    position: Int64[Tensor, ""]

    @property
    def number(self) -> Int64[Tensor, "*shape"]:
        """The number of the step in the training, counted from 1."""
        return self.earlier_steps + self.position + 1


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

    def initial_state(self) -> dict[str, float]:
        """Return the initial value of each tensor that `update` keeps per weight, by name."""
        return {}

    @abstractmethod
    def update(self, weight: Weight, step: OptimizerStep) -> None:
        """Change a weight, or several in one tensor, as `build`'s optimizer does, up to rounding.

        Every operation is elementwise, and none waits for the device, so that a compiled program
        or a CUDA graph can hold it.
        """

    def decay_of(self, weight: Tensor) -> float:
        """Return the weight decay of a parameter."""
        is_decayed = self.decay_norms_and_biases or weight.ndim > 1
        return self.weight_decay if is_decayed else 0.0

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

    def initial_state(self) -> dict[str, float]:
        """Return zero momentum, if there is any."""
        return {"momentum_buffer": 0.0} if self.momentum else {}

    def update(self, weight: Weight, step: OptimizerStep) -> None:
        """Subtract the rate times the gradient, or times its running sum."""
        gradient = weight.decayed_gradient()
        if self.momentum:
            # The first gradient enters the momentum undampened.
            share = torch.where(step.number == 1, 1.0, 1 - self.dampening)
            fresh = gradient * share if self.dampening else gradient
            momentum = weight.state["momentum_buffer"].mul_(self.momentum).add_(fresh)
            gradient = gradient + self.momentum * momentum if self.nesterov else momentum
        weight.value.sub_(step.rate * gradient)

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

    def initial_state(self) -> dict[str, float]:
        """Return running means of zero."""
        names = ["exp_avg", "exp_avg_sq", *(["max_exp_avg_sq"] if self.amsgrad else [])]
        return dict.fromkeys(names, 0.0)

    def update(self, weight: Weight, step: OptimizerStep) -> None:
        """Subtract the rate times the ratio of the running means, without their initial bias."""
        self._adapt(weight.value, weight.decayed_gradient(), weight.state, step)

    def _adapt(
        self, value: Tensor, gradient: Tensor, state: Mapping[str, Tensor], step: OptimizerStep
    ) -> None:
        # In float64: 1 - beta ** n has few digits left in float32.
        bias, bias_sq = (1 - beta ** step.number.double() for beta in self.betas)
        mean = state["exp_avg"].lerp_(gradient, 1 - self.betas[0])
        square = state["exp_avg_sq"].mul_(self.betas[1])
        square.add_(gradient * gradient * (1 - self.betas[1]))
        if self.amsgrad:
            square = state["max_exp_avg_sq"].copy_(torch.maximum(state["max_exp_avg_sq"], square))
        scale = square.sqrt() / bias_sq.sqrt().float() + self.eps
        value.sub_(step.rate / bias.float() * mean / scale)


class AdamW(Adam):
    """Adam with decoupled weight decay.

    Reference: Loshchilov and Hutter 2019, algorithm 2.
    """

    torch_class = torch.optim.AdamW

    weight_decay: float = knob(0.01, "Weight decay.", ge=0)

    def update(self, weight: Weight, step: OptimizerStep) -> None:
        """Shrink the weight, then update it as Adam does without decay."""
        weight.value.mul_(1 - step.rate * weight.decay)
        self._adapt(weight.value, weight.gradient, weight.state, step)


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

    def initial_state(self) -> dict[str, float]:
        """Return running means and momentum of zero."""
        momentum = ["momentum_buffer"] if self.momentum else []
        return dict.fromkeys(["square_avg", *momentum, *["grad_avg"] * self.centered], 0.0)

    def update(self, weight: Weight, step: OptimizerStep) -> None:
        """Subtract the rate times the gradient over its running root mean square."""
        gradient = weight.decayed_gradient()
        square = weight.state["square_avg"].mul_(self.alpha)
        square.add_(gradient * gradient * (1 - self.alpha))
        if self.centered:
            mean = weight.state["grad_avg"].lerp_(gradient, 1 - self.alpha)
            square = square - mean * mean
        scaled = gradient / (square.sqrt() + self.eps)
        if self.momentum:
            scaled = weight.state["momentum_buffer"].mul_(self.momentum).add_(scaled)
        weight.value.sub_(step.rate * scaled)


class Adagrad(OptimizerOptions):
    """Gradient divided by the root of the sum of its squares.

    Reference: Duchi, Hazan and Singer 2011.
    """

    torch_class = torch.optim.Adagrad

    lr: float = knob(0.01, "Learning rate.", gt=0)
    lr_decay: float = knob(0.0, "Decay of the learning rate per step.", ge=0)
    initial_accumulator_value: float = knob(0.0, "Initial value of the sum of squares.", ge=0)
    eps: float = knob(1e-10, "Added to the denominator.", ge=0)

    def initial_state(self) -> dict[str, float]:
        """Return the initial sum of squares."""
        return {"sum": self.initial_accumulator_value}

    def update(self, weight: Weight, step: OptimizerStep) -> None:
        """Subtract the rate times the gradient over the root of its sum of squares."""
        gradient = weight.decayed_gradient()
        total = weight.state["sum"].add_(gradient * gradient)
        rate = step.rate / (1 + (step.number - 1) * self.lr_decay)
        weight.value.sub_(rate * gradient / (total.sqrt() + self.eps))
