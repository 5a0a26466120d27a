"""Initial weights by seed and layer name alone, so that variants share them."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from cnn_ablate.rng import key


def default(layer: Any) -> None:
    """Initialise a layer as torch does."""
    layer.reset_parameters()


def kaiming_fan_out(layer: Any) -> None:
    """Kaiming-normal weights by fan-out for convolutions and linear layers; biases are zero.

    Reference: He et al. 2015, eq. 14.
    """
    layer.reset_parameters()
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


INITS: dict[str, Callable[[Any], None]] = {
    "default": default,
    "kaiming_fan_out": kaiming_fan_out,
}


def initialise(model: nn.Module, seed: int, scheme: str = "default") -> None:
    """Initialise every layer from its own random stream; the model must be on the CPU.

    Layers of the same name and shape get the same weights in every network.
    """
    with torch.random.fork_rng(devices=[]):
        for name, layer in model.named_modules():
            if hasattr(layer, "reset_parameters"):
                torch.default_generator.manual_seed(key(seed, "init", name))
                INITS[scheme](layer)
