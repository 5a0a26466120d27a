"""What several families are made of: activations, norms, and how layers are chained and named."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import gcd

from torch import nn

Activation = Callable[[], nn.Module]
Norm = Callable[[int], nn.Module]


def group_norm(channels: int) -> nn.GroupNorm:
    """Give a group norm of eight groups, or of as many as divide both eight and the channels."""
    return nn.GroupNorm(gcd(8, channels), channels)


ACTIVATIONS: dict[str, Activation] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "mish": nn.Mish,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "elu": nn.ELU,
    "tanh": nn.Tanh,
}

NORMS: dict[str, Norm] = {
    "batch": nn.BatchNorm2d,
    "group": group_norm,
    "none": nn.Identity,
}


def named(**modules: nn.Module) -> nn.Sequential:
    """Chain modules under names that stay the same when one of them is replaced."""
    return nn.Sequential(OrderedDict(modules))


def dense(
    features: int, hidden: Sequence[int], classes: int, activation: Activation
) -> nn.Sequential:
    """Chain fully connected layers `fc1`, `fc2` ..., each activated, and the last, `output`."""
    widths = [features, *hidden]
    layers: dict[str, nn.Module] = {}
    for number, (entering, leaving) in enumerate(pairwise(widths), start=1):
        layers[f"fc{number}"] = nn.Linear(entering, leaving)
        layers[f"activation{number}"] = activation()
    return named(**layers, output=nn.Linear(widths[-1], classes))


def stages(
    blocks: Sequence[int], width: int, block: Callable[[int, int, int], nn.Module]
) -> tuple[nn.Sequential, int]:
    """Chain blocks by stages, each stage half as large and twice as wide as the one before.

    `block` makes one from its entering channels, leaving channels and stride. Also gives the
    channels of the last stage.
    """
    chain: dict[str, nn.Module] = {}
    entering = width
    for stage, count in enumerate(blocks):
        for number in range(count):
            stride = 2 if stage and not number else 1
            name = f"stage{stage + 1}_block{number + 1}"
            chain[name] = block(entering, width << stage, stride)
            entering = width << stage
    return named(**chain), entering
