"""Attention modules: SE, CBAM and self-attention on feature maps, whose shape they keep."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cnn_ablate.models.layers import Activation, Norm, named_sequential


@dataclass(frozen=True)
class AttentionStyle:
    """The attention settings of a network family; each module uses those that it has."""

    reduction: int = 16
    least_hidden: int = 1
    spatial_kernel: int = 7
    spatial_maps: int = 1
    activation: Activation = nn.ReLU
    norm: Norm = nn.Identity


class SE(nn.Module):
    """Squeeze-and-excitation: scale each channel by a sigmoid weight, from all channel means.

    Reference: Hu et al. 2018, eq. 2 and 3; without biases.
    """

    def __init__(self, channels: int, style: AttentionStyle) -> None:
        super().__init__()
        self.mlp = _bottleneck(channels, style, nn.Identity)

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channel height width"]:
        """Return the maps, scaled per channel."""
        weights: Tensor = self.mlp(x.mean((2, 3), keepdim=True))
        return x * weights.sigmoid()


class CBAM(nn.Module):
    """Channel attention, then spatial attention: sigmoid weights from means and maxima.

    Reference: Woo et al. 2018, eq. 2 and 3; without biases. `style.spatial_maps` is the number of
    spatial attention maps: one for all channels, or one per channel.
    """

    def __init__(self, channels: int, style: AttentionStyle) -> None:
        super().__init__()
        kernel = style.spatial_kernel
        self.mlp = _bottleneck(channels, style, style.norm)
        self.spatial = nn.Conv2d(2, style.spatial_maps, kernel, padding=kernel // 2, bias=False)

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channel height width"]:
        """Return the maps, scaled per channel, then per position."""
        # mean and amax: adaptive pooling has no deterministic backward pass on CUDA.
        means, maxima = x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
        channels: Tensor = self.mlp(means) + self.mlp(maxima)
        x = x * channels.sigmoid()
        positions: Tensor = self.spatial(torch.cat([x.mean(1, True), x.amax(1, True)], dim=1))
        return x * positions.sigmoid()


class SelfAttention(nn.Module):
    """Add to each position the values of all positions, weighted by query-key similarity.

    Reference: Zhang et al. 2019 (SAGAN), eq. 1 to 3; without the learned gamma, and with values of
    full width.
    """

    def __init__(self, channels: int, _: AttentionStyle) -> None:
        super().__init__()
        narrow = max(channels // 8, 1)
        self.query = nn.Conv2d(channels, narrow, 1)
        self.key = nn.Conv2d(channels, narrow, 1)
        self.value = nn.Conv2d(channels, channels, 1)

    def forward(
        self, x: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch channel height width"]:
        """Return the maps plus attention; needs (height * width)^2 weights per image."""
        query, key, value = (part(x).flatten(2) for part in (self.query, self.key, self.value))
        weights = (query.transpose(1, 2) @ key).softmax(-1)
        mixed: Tensor = value @ weights.transpose(1, 2)
        return x + mixed.view_as(x)


ATTENTION: dict[str, Callable[[int, AttentionStyle], nn.Module]] = {
    "none": nn.Identity,
    "se": SE,
    "cbam": CBAM,
    "self_attention": SelfAttention,
}


def _bottleneck(channels: int, style: AttentionStyle, norm: Norm) -> nn.Sequential:
    hidden = max(channels // style.reduction, style.least_hidden)
    return named_sequential(
        reduce=nn.Conv2d(channels, hidden, 1, bias=False),
        norm=norm(hidden),
        activation=style.activation(),
        expand=nn.Conv2d(hidden, channels, 1, bias=False),
    )
