"""A summary of a network: output shape, parameters and multiply-adds of each module."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from cnn_ablate.models.model_options import ModelOptions, Shape
from cnn_ablate.models.size import MacCounter, build_for_inspection


@dataclass(frozen=True)
class Layer:
    """A module of a network, with all its submodules; the network itself has the empty name.

    `shape` is that of its output without the batch; None if it is never called, or returns no
    tensor.
    """

    name: str
    kind: str
    shape: tuple[int, ...] | None
    parameters: int
    macs: int


def summarise(options: ModelOptions, shape: Shape, classes: int) -> tuple[Layer, ...]:
    """Return the network and its modules, parents first; multiply-adds are for one image."""
    model, image = build_for_inspection(options, shape, classes)
    calls = _Calls()
    for module in model.modules():
        module.register_forward_pre_hook(calls.before_call)
        module.register_forward_hook(calls.after_call)
    with torch.no_grad(), calls.counter:
        model(image)
    return tuple(
        Layer(
            name=name,
            kind=type(module).__name__,
            shape=calls.shapes.get(module),
            parameters=sum(weight.numel() for weight in module.parameters()),
            macs=calls.macs.get(module, 0),
        )
        for name, module in model.named_modules()
    )


@dataclass
class _Calls:
    """Output shapes and multiply-adds of modules, by forward hooks; calls may be nested."""

    counter: MacCounter = field(default_factory=MacCounter)
    totals: list[int] = field(default_factory=list)
    shapes: dict[nn.Module, tuple[int, ...]] = field(default_factory=dict)
    macs: dict[nn.Module, int] = field(default_factory=dict)

    def before_call(self, module: nn.Module, inputs: object) -> None:
        del module, inputs
        self.totals.append(self.counter.total)

    def after_call(self, module: nn.Module, inputs: object, output: object) -> None:
        del inputs
        spent = self.counter.total - self.totals.pop()
        self.macs[module] = self.macs.get(module, 0) + spent
        if isinstance(output, Tensor):
            self.shapes[module] = tuple(output.shape[1:])
