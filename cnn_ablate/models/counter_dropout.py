"""Dropout with counter-based masks: the mask of a sample does not depend on its batch."""

import torch
from jaxtyping import Float, Int, Int32
from torch import Tensor, nn
from torch._subclasses import FakeTensor

from cnn_ablate.rng import hash32, key

_MULTIPLIERS = (0x7FEB352D, 0x846CA68B - 2**32)


class Dropout(nn.Module):
    """Zero a fraction of each sample's features in training mode, and scale up the rest.

    The mask depends on the sample's key, the layer's number and the feature's position alone, so
    it is the same in every batch, memory format and process. Call `set_dropout_keys` with the keys
    of the batch before each training step.
    """

    keys: Int[Tensor, " batch"] | None

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.layer = 0
        # Hashes of feature positions by shape and layout: they are the same in every step.
        self.hashes: dict[tuple[object, ...], Int32[Tensor, "1 *features"]] = {}
        self.register_buffer("keys", None, persistent=False)

    def forward(self, x: Float[Tensor, "batch *features"]) -> Float[Tensor, "batch *features"]:
        """Return the features after dropout in training mode, else `x` itself."""
        if not self.training or self.rate == 0:
            return x
        if self.keys is None or len(self.keys) != len(x):
            raise RuntimeError("dropout needs one key per sample: call set_dropout_keys first.")
        kept = self._bits(x, self.keys) >= _threshold(self.rate)
        return torch.where(kept, x / (1 - self.rate), 0.0)

    def extra_repr(self) -> str:
        """Return the rate for the printed form of a network."""
        return f"rate={self.rate}"

    def _bits(self, x: Tensor, keys: Tensor) -> Tensor:
        samples = hash32(keys ^ self.layer).to(torch.int32).view(-1, *[1] * (x.ndim - 1))
        return _scrambled(samples ^ self._hashed_positions(x))

    def _hashed_positions(self, x: Tensor) -> Int32[Tensor, "1 *features"]:
        """Return a hash per feature of a sample, in the memory format of x."""
        if isinstance(x, FakeTensor):  # traced: a program has no constant of this size
            return _hash_positions(x)
        name = (*x.shape[1:], x.stride(1), x.device)
        if name not in self.hashes:
            self.hashes[name] = _hash_positions(x)
        return self.hashes[name]


def _hash_positions(x: Tensor) -> Int32[Tensor, "1 *features"]:
    # Numbered by logical position, whatever the memory format.
    shape = x.shape[1:]
    positions = torch.arange(shape.numel(), dtype=torch.int32, device=x.device).view(1, *shape)
    if x.ndim == 4 and x.stride(1) == 1:
        positions = positions.contiguous(memory_format=torch.channels_last)
    return _scrambled(positions)


def number_dropouts(model: nn.Module) -> None:
    """Number each dropout layer by its name: variants with the same layer have the same masks."""
    for name, module in model.named_modules():
        if isinstance(module, Dropout):
            module.layer = key("dropout", name)


def with_dropout(model: nn.Module) -> bool:
    """Return whether any layer drops features."""
    return any(isinstance(module, Dropout) and module.rate > 0 for module in model.modules())


def set_dropout_keys(model: nn.Module, keys: Int[Tensor, " batch"] | None) -> None:
    """Set the samples' keys, `Draws(...).keys("dropout")`, in every dropout layer; None clears."""
    for module in model.modules():
        if isinstance(module, Dropout):
            module.keys = keys


def _threshold(rate: float) -> int:
    return int(rate * 2**32) - 2**31


def _scrambled(x: Int32[Tensor, "*shape"]) -> Int32[Tensor, "*shape"]:
    # `rng.hash32` in wrapping 32-bit arithmetic: half its memory and time on large maps.
    x = (x ^ ((x >> 16) & 0xFFFF)) * _MULTIPLIERS[0]
    x = (x ^ ((x >> 15) & 0x1FFFF)) * _MULTIPLIERS[1]
    return x ^ ((x >> 16) & 0xFFFF)
