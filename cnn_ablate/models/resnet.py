"""ResNet for small images: a 3x3 stem without pool, stages of two-convolution blocks."""

from functools import partial
from typing import Annotated

from jaxtyping import Float
from torch import Tensor, nn

from cnn_ablate.models.attention import ATTENTION, AttentionStyle
from cnn_ablate.models.dropout import Dropout
from cnn_ablate.models.layers import ACTIVATIONS, NORMS, named, stages
from cnn_ablate.models.options import ModelOptions, Shape, Stages
from cnn_ablate.options import OneOf, knob


class ResNetOptions(ModelOptions):
    """ResNet18 for small images, also with fewer blocks or separable convolutions.

    Reference: He et al. 2016; Cao, "A New Classifier Based on CIFAR10 Data Set", section 3.5. Its
    dropout rate is not stated: 0.5 is that of its earlier network.
    """

    blocks: Stages = knob((2, 2, 2, 2), "Blocks of each stage.")
    width: int = knob(64, "Channels of the first stage; each further stage doubles them.", ge=1)
    separable: bool = knob(False, "Make each convolution of a block depthwise, then pointwise.")
    norm: Annotated[str, OneOf("norm", NORMS)] = knob(
        "batch", "Normalisation after each convolution."
    )
    attention: Annotated[str, OneOf("attention", ATTENTION)] = knob(
        "none", "Attention at the end of each block, before the shortcut is added."
    )
    reduction: int = knob(
        16,
        "How far attention narrows the channels.",
        ge=1,
        needs={"attention": ("se", "cbam")},
    )
    activation: Annotated[str, OneOf("activation", ACTIVATIONS)] = knob(
        "relu", "Activation after each convolution."
    )
    dropout: float = knob(0.5, "Share of features dropped before the last layer.", ge=0, lt=1)

    def network(self, shape: Shape, classes: int) -> nn.Module:
        """Give the network."""
        return ResNet(self, shape[0], classes)


class ResNet(nn.Module):
    """The network of ResNetOptions."""

    def __init__(self, options: ResNetOptions, channels: int, classes: int) -> None:
        super().__init__()
        self.stem = named(
            conv=nn.Conv2d(channels, options.width, 3, padding=1, bias=False),
            norm=NORMS[options.norm](options.width),
            activation=ACTIVATIONS[options.activation](),
        )
        self.stages, features = stages(options.blocks, options.width, partial(Block, options))
        self.dropout = Dropout(options.dropout)
        self.output = nn.Linear(features, classes)

    def forward(
        self, images: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Give the logits."""
        x = self.stages(self.stem(images)).mean((2, 3))
        logits: Tensor = self.output(self.dropout(x))
        return logits


class Block(nn.Module):
    """Two 3x3 convolutions around which a shortcut leads."""

    def __init__(self, options: ResNetOptions, entering: int, leaving: int, stride: int) -> None:
        super().__init__()
        norm, activation = NORMS[options.norm], ACTIVATIONS[options.activation]
        style = AttentionStyle(reduction=options.reduction, activation=activation)
        convolution = _separable if options.separable else _plain
        self.first = named(
            conv=convolution(entering, leaving, stride),
            norm=norm(leaving),
            activation=activation(),
        )
        # A separable convolution is activated before the shortcut is added too (Cao, table 23).
        self.second = named(
            conv=convolution(leaving, leaving, 1),
            norm=norm(leaving),
            activation=activation() if options.separable else nn.Identity(),
        )
        self.attention = ATTENTION[options.attention](leaving, style)
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or entering != leaving:
            shortcut = nn.Conv2d(entering, leaving, 1, stride, bias=False)
            self.shortcut = named(conv=shortcut, norm=norm(leaving))
        self.activation = activation()

    def forward(
        self, x: Float[Tensor, "batch entering height width"]
    ) -> Float[Tensor, "batch leaving new_height new_width"]:
        """Give the activated sum of both ways."""
        residual = self.attention(self.second(self.first(x)))
        activated: Tensor = self.activation(residual + self.shortcut(x))
        return activated


def _plain(entering: int, leaving: int, stride: int) -> nn.Module:
    return nn.Conv2d(entering, leaving, 3, stride, padding=1, bias=False)


def _separable(entering: int, leaving: int, stride: int) -> nn.Module:
    return named(
        depthwise=nn.Conv2d(entering, entering, 3, stride, padding=1, groups=entering, bias=False),
        pointwise=nn.Conv2d(entering, leaving, 1, bias=False),
    )
