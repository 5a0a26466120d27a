"""Dropout whose masks are counted, not drawn: a sample keeps its mask whatever batch it is in."""

import torch
from jaxtyping import Float, Int, Int32
from torch import Tensor, nn

from cnn_ablate.rng import hashed, key

_MULTIPLIERS = (0x7FEB352D, 0x846CA68B - 2**32)


class Dropout(nn.Module):
    """Zero a share of each sample's features and scale up the rest, while training.

    The mask follows from the sample's key, the layer's number and the feature's position alone,
    so it is the same in every batch, memory layout and process. Give the keys of a batch with
    `set_dropout_keys` before each training step.
    """

    keys: Int[Tensor, " batch"] | None
    # The rate as a tensor, for networks that differ in it and are trained as one program.
    own_rate: Float[Tensor, ""] | None

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.layer = 0
        self.register_buffer("keys", None, persistent=False)
        self.register_buffer("own_rate", None, persistent=False)

    def forward(self, x: Float[Tensor, "batch *features"]) -> Float[Tensor, "batch *features"]:
        """Drop features in training mode; otherwise give back what came in."""
        rate = self.rate if self.own_rate is None else self.own_rate
        if not self.training or (self.own_rate is None and self.rate == 0):
            return x
        if self.keys is None or len(self.keys) != len(x):
            raise RuntimeError("dropout needs one key a sample: call set_dropout_keys first.")
        return torch.where(self._bits(x, self.keys) >= _threshold(rate), _scaled(x, rate), 0.0)

    def extra_repr(self) -> str:
        """Show the rate where the network is printed."""
        return f"rate={self.rate}"

    def _bits(self, x: Tensor, keys: Tensor) -> Tensor:
        # Numbers follow the logical position, and lie in memory as x does.
        features = torch.arange(x[0].numel(), dtype=torch.int32, device=x.device)
        features = torch.empty_like(x[:1], dtype=torch.int32).copy_(features.view(1, *x.shape[1:]))
        samples = hashed(keys ^ self.layer).to(torch.int32).view(-1, *[1] * (x.ndim - 1))
        return _scrambled(samples ^ _scrambled(features))


def number_dropouts(model: nn.Module) -> None:
    """Number each dropout layer by its name, so that variants which share it share its masks."""
    for name, module in model.named_modules():
        if isinstance(module, Dropout):
            module.layer = key("dropout", name)


def set_dropout_keys(model: nn.Module, keys: Int[Tensor, " batch"] | None) -> None:
    """Give every dropout layer the samples' keys, as `streams.Draws.keys("dropout")` makes them.

    None takes them away again.
    """
    for module in model.modules():
        if isinstance(module, Dropout):
            # A view of its own: torch takes layers that share one tensor for tied.
            module.keys = None if keys is None else keys.view_as(keys)


def _threshold(rate: float | Tensor) -> int | Tensor:
    if isinstance(rate, Tensor):
        return (rate.double() * 2**32).long() - 2**31
    return int(rate * 2**32) - 2**31


def _scaled(x: Tensor, rate: float | Tensor) -> Tensor:
    if isinstance(rate, Tensor):
        return (x.float() / (1 - rate).float()).to(x.dtype)
    return x / (1 - rate)


def _scrambled(x: Int32[Tensor, "*shape"]) -> Int32[Tensor, "*shape"]:
    # `streams.hashed` in wrapping 32-bit arithmetic: half its memory and time on large maps.
    x = (x ^ ((x >> 16) & 0xFFFF)) * _MULTIPLIERS[0]
    x = (x ^ ((x >> 15) & 0x1FFFF)) * _MULTIPLIERS[1]
    return x ^ ((x >> 16) & 0xFFFF)
