"""A network part by part: what each gives, holds and costs, from one empty image, untrained."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from cnn_ablate.models.options import ModelOptions, Shape
from cnn_ablate.models.size import MultiplyAdds, untrained


@dataclass(frozen=True)
class Layer:
    """A module of a network, with all that is in it; the network itself has no name.

    `shape` is that of its output without the batch; None if it is never called, or gives no tensor.
    """

    name: str
    kind: str
    shape: tuple[int, ...] | None
    parameters: int
    macs: int


def outline(options: ModelOptions, shape: Shape, classes: int) -> tuple[Layer, ...]:
    """List the network and its modules, each before what is in it; multiply-adds for one image."""
    model, image = untrained(options, shape, classes)
    calls = _Calls()
    for module in model.modules():
        module.register_forward_pre_hook(calls.began)
        module.register_forward_hook(calls.ended)
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
    """What the calls of modules inside each other gave and cost."""

    counter: MultiplyAdds = field(default_factory=MultiplyAdds)
    before: list[int] = field(default_factory=list)
    shapes: dict[nn.Module, tuple[int, ...]] = field(default_factory=dict)
    macs: dict[nn.Module, int] = field(default_factory=dict)

    def began(self, module: nn.Module, inputs: object) -> None:
        del module, inputs
        self.before.append(self.counter.total)

    def ended(self, module: nn.Module, inputs: object, output: object) -> None:
        del inputs
        spent = self.counter.total - self.before.pop()
        self.macs[module] = self.macs.get(module, 0) + spent
        if isinstance(output, Tensor):
            self.shapes[module] = tuple(output.shape[1:])
