"""Initial weights that follow from the seed and the layer's name alone: variants share them."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from cnn_ablate.rng import key


def default(layer: Any) -> None:
    """Initialise a layer as torch does."""
    layer.reset_parameters()


def kaiming_fan_out(layer: Any) -> None:
    """Draw the weights of convolutions and dense layers by their outputs; zero their biases.

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
    """Initialise every layer from a stream of its own; the model must be on the CPU.

    A layer of the same name and shape gets the same weights in every network.
    """
    with torch.random.fork_rng(devices=[]):
        for name, layer in model.named_modules():
            if hasattr(layer, "reset_parameters"):
                torch.default_generator.manual_seed(key(seed, "init", name))
                INITS[scheme](layer)
