"""What a network costs and what of it never learns, found from one empty image, untrained."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cnn_ablate.custom import UserOptions
from cnn_ablate.models.options import ModelOptions, Shape
from cnn_ablate.schema import Size


def size(options: ModelOptions, shape: Shape, classes: int) -> Size:
    """Count a network's parameters, and its multiply-adds for one image, forward, evaluating."""
    model, image = untrained(options, shape, classes)
    with torch.no_grad(), MultiplyAdds() as counter:
        model(image)
    parameters = sum(weight.numel() for weight in model.parameters())
    return Size(parameters=parameters, macs=counter.total)


def find_dead(options: ModelOptions, shape: Shape, classes: int) -> dict[str, int]:
    """Count, by module, the parameters that no gradient can reach.

    In evaluation; or in training, if a network of the user's has no gradients otherwise.

    Raises:
        UserError: it fails there.
    """
    model, image = untrained(options, shape, classes)
    total = model(image).sum()
    if isinstance(options, UserOptions) and not total.requires_grad:
        with torch.random.fork_rng(devices=[]):
            total = options.attempted("training it failed", _total, model.train(), image)
    if total.requires_grad:
        total.backward()
    return dead_parameters(model)


def _total(model: nn.Module, image: Tensor) -> Tensor:
    # Two, as statistics over one image may not exist.
    total: Tensor = model(torch.cat([image, image])).sum()
    return total


def dead_parameters(model: nn.Module) -> dict[str, int]:
    """Count, by module, the parameters that got no gradient in the backward passes so far.

    A module of which all is dead stands for everything in it; of others, the dead parts are named.
    """
    return _dead("", model)


def untrained(options: ModelOptions, shape: Shape, classes: int) -> tuple[nn.Module, Tensor]:
    """Give a network in evaluation, its weights without sense, and one empty image for it."""
    # Built without initial weights, which would cost more than the forward pass. The pass itself
    # is no work for the meta device: there, torch first imports a second's worth of modules.
    if not options.on_meta:
        return options.build(shape, classes).eval(), torch.zeros(1, *shape)
    with torch.device("meta"):
        model = options.build(shape, classes).eval()
    weights = {name: torch.zeros(weight.shape) for name, weight in model.state_dict().items()}
    model.load_state_dict(weights, assign=True)
    return model, torch.zeros(1, *shape)


def _dead(name: str, module: nn.Module) -> dict[str, int]:
    weights = list(module.parameters())
    lost = sum(weight.numel() for weight in weights if _is_dead(weight))
    if not lost:
        return {}
    if all(_is_dead(weight) for weight in weights):
        return {name: lost}
    prefix = f"{name}." if name else ""
    own = module.named_parameters(recurse=False)
    parts = {prefix + key: weight.numel() for key, weight in own if _is_dead(weight)}
    for key, child in module.named_children():
        parts |= _dead(prefix + key, child)
    return parts


def _is_dead(weight: nn.Parameter) -> bool:
    # What is frozen on purpose is not meant to learn.
    return weight.requires_grad and weight.grad is None


# Products summed for each number of the output, from the arguments of the call.
_TERMS: Mapping[Any, Callable[[Sequence[Tensor]], int]] = {
    torch.conv1d: lambda operands: prod(operands[1].shape[1:]),
    torch.conv2d: lambda operands: prod(operands[1].shape[1:]),
    F.linear: lambda operands: operands[1].shape[1],
    **dict.fromkeys(
        (Tensor.matmul, Tensor.bmm, torch.matmul, torch.bmm),
        lambda operands: operands[0].shape[-1],
    ),
    # Keys and values are taken to be of one width.
    F.scaled_dot_product_attention: lambda operands: 2 * operands[1].shape[-2],
}


class MultiplyAdds(TorchFunctionMode):
    """Adds up the multiply-adds of the convolutions and matrix products called inside it."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = kwargs or {}
        out = func(*args, **named)
        if func in _TERMS:
            self.total += out.numel() * _TERMS[func]((*args, *named.values()))
        return out
