"""Maps laid out as features: in the order of channel, row, column, whatever the memory layout."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


class _Flatten(torch.autograd.Function):
    """Flatten maps that lie channels last, and lay their gradient out like them.

    Torch's own gradient lies contiguous there, and every pool and activation before it then works
    across two layouts: a quarter of a step of `fashion_cnn`.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x.flatten(1)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:  # noqa: ARG004
        ctx.shape = inputs[0].shape

    @staticmethod
    def backward(ctx: Any, *growth: Tensor) -> Tensor:
        # By permutation, as vmap knows no memory formats.
        return growth[0].view(ctx.shape).permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)


def flatten(x: Float[Tensor, "batch channel height width"]) -> Float[Tensor, "batch features"]:
    """Flatten the maps of each image."""
    channels_last = x.stride(1) == 1 and x.shape[1] > 1
    if not channels_last or torch.compiler.is_compiling():
        return x.flatten(1)
    flat: Tensor = _Flatten.apply(x)
    return flat
