"""ResNet for small images: a 3x3 stem without pooling, and stages of basic blocks."""

from functools import partial
from typing import Annotated

from jaxtyping import Float
from torch import Tensor, nn

from cnn_ablate.models.attention import ATTENTION, AttentionStyle
from cnn_ablate.models.counter_dropout import Dropout
from cnn_ablate.models.layers import ACTIVATIONS, NORMS, named_sequential, stage_sequence
from cnn_ablate.models.model_options import ModelOptions, Shape, Stages
from cnn_ablate.options import OneOf, knob


class ResNetOptions(ModelOptions):
    """ResNet-18 for small images, also with fewer blocks or separable convolutions.

    Reference: He et al. 2016; Cao, "A New Classifier Based on CIFAR10 Data Set", section 3.5. Its
    dropout rate is not stated: 0.5 is that of its earlier network.
    """

    blocks: Stages = knob((2, 2, 2, 2), "Blocks per stage.")
    width: int = knob(64, "Channels of the first stage; each later stage doubles them.", ge=1)
    residual: bool = knob(True, "Add a shortcut to each block.", added_later=True)
    separable: bool = knob(False, "Make each convolution of a block depthwise, then pointwise.")
    norm: Annotated[str, OneOf("norm", NORMS)] = knob(
        "batch", "Normalisation after each convolution."
    )
    attention: Annotated[str, OneOf("attention", ATTENTION)] = knob(
        "none", "Attention at the end of each block, before the shortcut is added."
    )
    reduction: int = knob(
        16,
        "Factor by which attention reduces the channels.",
        ge=1,
        needs={"attention": ("se", "cbam")},
    )
    activation: Annotated[str, OneOf("activation", ACTIVATIONS)] = knob(
        "relu", "Activation after each convolution."
    )
    dropout: float = knob(0.5, "Fraction of features dropped before the last layer.", ge=0, lt=1)

    def network(self, shape: Shape, classes: int) -> nn.Module:
        """Return the network."""
        return ResNet(self, shape[0], classes)


class ResNet(nn.Module):
    """The network of ResNetOptions."""

    def __init__(self, options: ResNetOptions, channels: int, classes: int) -> None:
        super().__init__()
        self.stem = named_sequential(
            conv=nn.Conv2d(channels, options.width, 3, padding=1, bias=False),
            norm=NORMS[options.norm](options.width),
            activation=ACTIVATIONS[options.activation](),
        )
        self.stages, features = stage_sequence(
            options.blocks, options.width, partial(Block, options)
        )
        self.dropout = Dropout(options.dropout)
        self.output = nn.Linear(features, classes)

    def forward(
        self, images: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Return the logits, (batch, classes)."""
        x = self.stages(self.stem(images)).mean((2, 3))
        logits: Tensor = self.output(self.dropout(x))
        return logits


class Block(nn.Module):
    """Two 3x3 convolutions and, if residual, a shortcut around both."""

    def __init__(
        self, options: ResNetOptions, in_channels: int, out_channels: int, stride: int
    ) -> None:
        super().__init__()
        norm, activation = NORMS[options.norm], ACTIVATIONS[options.activation]
        style = AttentionStyle(reduction=options.reduction, activation=activation)
        convolution = _separable if options.separable else _plain
        self.first = named_sequential(
            conv=convolution(in_channels, out_channels, stride),
            norm=norm(out_channels),
            activation=activation(),
        )
        # A separable convolution is also activated before the shortcut is added (Cao, table 23).
        self.second = named_sequential(
            conv=convolution(out_channels, out_channels, 1),
            norm=norm(out_channels),
            activation=activation() if options.separable else nn.Identity(),
        )
        self.attention = ATTENTION[options.attention](out_channels, style)
        self.shortcut: nn.Module | None = nn.Identity() if options.residual else None
        if options.residual and (stride > 1 or in_channels != out_channels):
            shortcut = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
            self.shortcut = named_sequential(conv=shortcut, norm=norm(out_channels))
        self.activation = activation()

    def forward(
        self, x: Float[Tensor, "batch in_channels height width"]
    ) -> Float[Tensor, "batch out_channels new_height new_width"]:
        """Return the activated maps, with the shortcut added if residual."""
        y = self.attention(self.second(self.first(x)))
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        activated: Tensor = self.activation(y)
        return activated


def _plain(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    return nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)


def _separable(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    return named_sequential(
        depthwise=nn.Conv2d(
            in_channels, in_channels, 3, stride, padding=1, groups=in_channels, bias=False
        ),
        pointwise=nn.Conv2d(in_channels, out_channels, 1, bias=False),
    )
