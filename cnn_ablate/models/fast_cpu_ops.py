"""Flatten and 2 x 2 average pooling with the same values as torch, and faster on the CPU.

Both are measured on a step of `fashion_cnn`. Where they bring nothing (other devices, dtypes and
memory formats, steps that are compiled), torch's own operations are called.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

_plain = ContextVar("plain", default=False)


@contextmanager
def plain_operations() -> Iterator[None]:
    """Call torch's own operations in this context, for a compiler to choose how to compute them."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)


def is_plain() -> bool:
    """Return whether torch's own operations are to be called."""
    return _plain.get()


def flatten(x: Float[Tensor, "batch channel height width"]) -> Float[Tensor, "batch features"]:
    """Return the features of each image in the order channel, row, column, in any memory format."""
    channels_last = x.stride(1) == 1 and x.shape[1] > 1
    if not channels_last or is_plain():
        return x.flatten(1)
    flat: Tensor = _Flatten.apply(x)
    return flat


def avg_pool(
    x: Float[Tensor, "batch channel height width"],
) -> Float[Tensor, "batch channel half_height half_width"]:
    """Average 2 x 2 squares; a last odd row or column is left out."""
    odd = x.shape[-2] % 2 or x.shape[-1] % 2
    plain = x.device.type == "cpu" and x.dtype == torch.float32 and x.is_contiguous()
    if odd or not plain or is_plain():
        return F.avg_pool2d(x, 2)
    pooled: Tensor = _AvgPool.apply(x)
    return pooled


class _Flatten(torch.autograd.Function):
    """Flatten of channels-last maps whose gradient is channels last too.

    Torch returns a contiguous gradient, so every pool and activation before it works across two
    memory formats: a quarter of a step.
    """

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x.flatten(1)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:  # noqa: ARG004
        ctx.shape = inputs[0].shape

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return grads[0].view(ctx.shape).contiguous(memory_format=torch.channels_last)


class _AvgPool(torch.autograd.Function):
    """2 x 2 average pooling as four additions of whole tensors.

    On contiguous maps torch loops over single values, forward and backward: a third of a step.
    """

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        upper, lower = x.reshape(-1, 2, width // 2, 2).unbind(1)
        # In torch's order: another one rounds differently.
        total = upper[..., 0] + upper[..., 1]
        total += lower[..., 0]
        total += lower[..., 1]
        return (total * 0.25).view(*x.shape[:-2], height // 2, width // 2)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        """Save nothing: the gradient depends on that of the averages alone."""

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:  # noqa: ARG004
        grad = grads[0] * 0.25
        # Complex numbers with equal parts are the fastest way to write each value twice.
        row = torch.view_as_real(torch.complex(grad, grad)).flatten(-2).unsqueeze(-2)
        return torch.cat((row, row), -2).flatten(-3, -2)
