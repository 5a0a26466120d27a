"""Building blocks of several networks: activations, norms, and named sequences of layers."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import gcd

from torch import Tensor, nn

from cnn_ablate.models.fast_cpu_ops import is_plain

Activation = Callable[[], nn.Module]
Norm = Callable[[int], nn.Module]


class GroupNorm(nn.GroupNorm):
    """Group norm whose maps are contiguous where a compiler chooses how to compute it.

    Torch's kernel keeps channels last, which its stand-in does not while a step is traced.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each group of channels of each image."""
        return super().forward(x.contiguous() if is_plain() else x)


def group_norm(channels: int) -> nn.GroupNorm:
    """Return a group norm of gcd(8, channels) groups."""
    return GroupNorm(gcd(8, channels), channels)


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


def named_sequential(**modules: nn.Module) -> nn.Sequential:
    """Chain modules by name: parameter names stay the same when one module is replaced."""
    return nn.Sequential(OrderedDict(modules))


def mlp(
    features: int, hidden: Sequence[int], classes: int, activation: Activation
) -> nn.Sequential:
    """Chain fully connected layers `fc1`, `fc2` ..., each with an activation, and `output`."""
    widths = [features, *hidden]
    layers: dict[str, nn.Module] = {}
    for number, (in_features, out_features) in enumerate(pairwise(widths), start=1):
        layers[f"fc{number}"] = nn.Linear(in_features, out_features)
        layers[f"activation{number}"] = activation()
    return named_sequential(**layers, output=nn.Linear(widths[-1], classes))


def stage_sequence(
    blocks: Sequence[int], width: int, block: Callable[[int, int, int], nn.Module]
) -> tuple[nn.Sequential, int]:
    """Chain the blocks of stages; each stage halves the maps' sides and doubles the channels.

    Args:
        blocks: Number of blocks per stage.
        width: Channels of the first stage.
        block: Builds one from its input channels, output channels and stride.

    Returns:
        The stages, and the channels of the last one.
    """
    chain: dict[str, nn.Module] = {}
    in_channels = width
    for stage, count in enumerate(blocks):
        for number in range(count):
            stride = 2 if stage and not number else 1
            name = f"stage{stage + 1}_block{number + 1}"
            chain[name] = block(in_channels, width << stage, stride)
            in_channels = width << stage
    return named_sequential(**chain), in_channels
