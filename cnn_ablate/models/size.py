"""Parameters, multiply-adds and dead parameters of an untrained network."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cnn_ablate.custom import UserOptions
from cnn_ablate.models.model_options import ModelOptions, Shape
from cnn_ablate.schema import Size


def network_size(options: ModelOptions, shape: Shape, classes: int) -> Size:
    """Return the number of parameters, and of multiply-adds of a forward pass of one image.

    Raises:
        UserError: a user-defined network cannot be built or called, or cannot learn.
    """
    model, image = build_for_inspection(options, shape, classes)
    with torch.no_grad(), MacCounter() as counter:
        model(image)
    parameters = sum(weight.numel() for weight in model.parameters())
    return Size(parameters=parameters, macs=counter.total)


def find_dead_parameters(options: ModelOptions, shape: Shape, classes: int) -> dict[str, int]:
    """Return the number of parameters per module that no gradient can reach.

    The network is in evaluation mode; a user-defined one that has no gradients there is tried in
    training mode.

    Raises:
        UserError: a user-defined network fails.
    """
    model, image = build_for_inspection(options, shape, classes)
    total = model(image).sum()
    if isinstance(options, UserOptions) and not total.requires_grad:
        with torch.random.fork_rng(devices=[]):
            total = options.call_user_code("training it failed", _total, model.train(), image)
    if total.requires_grad:
        total.backward()
    return count_dead_parameters(model)


def _total(model: nn.Module, image: Tensor) -> Tensor:
    # Two images: statistics over one may be undefined.
    total: Tensor = model(torch.cat([image, image])).sum()
    return total


def count_dead_parameters(model: nn.Module) -> dict[str, int]:
    """Return the number of parameters per module without a gradient after a backward pass.

    A module whose parameters are all dead is listed once, without its submodules.
    """
    return _dead("", model)


def build_for_inspection(
    options: ModelOptions, shape: Shape, classes: int
) -> tuple[nn.Module, Tensor]:
    """Return a network in evaluation mode with arbitrary weights, and one image of zeros."""
    # Without initial weights, which would cost more than the forward pass. The pass itself is
    # not on the meta device: there, torch first imports modules for a second.
    if not options.on_meta:
        return options.build(shape, classes).eval(), torch.zeros(1, *shape)
    with torch.device("meta"):
        model = options.build(shape, classes).eval()
    weights = {name: torch.zeros(weight.shape) for name, weight in model.state_dict().items()}
    model.load_state_dict(weights, assign=True)
    return model, torch.zeros(1, *shape)


def _dead(name: str, module: nn.Module) -> dict[str, int]:
    weights = list(module.parameters())
    dead = sum(weight.numel() for weight in weights if _is_dead(weight))
    if not dead:
        return {}
    if all(_is_dead(weight) for weight in weights):
        return {name: dead}
    prefix = f"{name}." if name else ""
    own = module.named_parameters(recurse=False)
    parts = {prefix + key: weight.numel() for key, weight in own if _is_dead(weight)}
    for key, child in module.named_children():
        parts |= _dead(prefix + key, child)
    return parts


def _is_dead(weight: nn.Parameter) -> bool:
    # Parameters frozen on purpose are not dead.
    return weight.requires_grad and weight.grad is None


# Multiply-adds per number of the output, from the arguments of the call.
_TERMS: Mapping[Any, Callable[[Sequence[Tensor]], int]] = {
    torch.conv1d: lambda operands: prod(operands[1].shape[1:]),
    torch.conv2d: lambda operands: prod(operands[1].shape[1:]),
    F.linear: lambda operands: operands[1].shape[1],
    **dict.fromkeys(
        (Tensor.matmul, Tensor.bmm, torch.matmul, torch.bmm),
        lambda operands: operands[0].shape[-1],
    ),
    # Assumes that keys and values have the same width.
    F.scaled_dot_product_attention: lambda operands: 2 * operands[1].shape[-2],
}


def _attention(query: Tensor, keys: Tensor) -> int:
    """Count the multiply-adds of a multi-head attention of (length, batch, width).

    Torch computes its projections and products where a counter does not see them.
    """
    length, batch, width = query.shape
    projections = batch * (2 * length + 2 * len(keys)) * width**2
    return projections + 2 * batch * length * len(keys) * width


class MacCounter(TorchFunctionMode):
    """Counts the multiply-adds of convolutions and matrix products called inside it."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        keywords = kwargs or {}
        out = func(*args, **keywords)
        if func is F.multi_head_attention_forward:
            self.total += _attention(*args[:2])
        elif func in _TERMS:
            self.total += out.numel() * _TERMS[func]((*args, *keywords.values()))
        return out
