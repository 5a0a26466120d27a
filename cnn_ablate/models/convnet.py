"""ConvNet: 3x3 convolutions of growing width, with optional normalisation and attention."""

from typing import Annotated

from jaxtyping import Float
from torch import Tensor, nn

from cnn_ablate.models.attention import ATTENTION, AttentionStyle
from cnn_ablate.models.counter_dropout import Dropout
from cnn_ablate.models.fast_cpu_ops import flatten
from cnn_ablate.models.layers import ACTIVATIONS, NORMS, mlp, named_sequential
from cnn_ablate.models.model_options import ModelOptions, Shape, Stages, Widths
from cnn_ablate.options import OneOf, knob


class ConvNetOptions(ModelOptions):
    """ConvNet: three wide convolutions and three fully connected layers.

    Reference: Cao, "A New Classifier Based on CIFAR10 Data Set", section 3.2 as the defaults;
    3.3 adds `batch_norm`, `global_pool` and `dropout` 0.5, and 3.4 `attention` self_attention.
    """

    widths: Stages = knob(
        (64, 128, 256), "Channels of each convolution; max pools are between them."
    )
    batch_norm: bool = knob(False, "Normalise after each convolution.")
    norm: Annotated[str, OneOf("norm", NORMS)] = knob(
        "batch", "Kind of normalisation.", needs={"batch_norm": (True,)}
    )
    attention: Annotated[str, OneOf("attention", ATTENTION)] = knob(
        "none", "Attention after each normalisation, before the activation."
    )
    reduction: int = knob(
        16,
        "Factor by which attention reduces the channels.",
        ge=1,
        needs={"attention": ("se", "cbam")},
    )
    activation: Annotated[str, OneOf("activation", ACTIVATIONS)] = knob(
        "relu", "Activation after each hidden layer."
    )
    global_pool: bool = knob(False, "Average each of the last feature maps to one number.")
    dropout: float = knob(
        0.0, "Fraction of features dropped before the fully connected layers.", ge=0, lt=1
    )
    hidden: Widths = knob((120, 84), "Widths of the hidden fully connected layers.")

    def network(self, shape: Shape, classes: int) -> nn.Module:
        """Return the network."""
        return ConvNet(self, shape, classes)


class ConvNet(nn.Module):
    """The network of ConvNetOptions."""

    def __init__(self, options: ConvNetOptions, shape: Shape, classes: int) -> None:
        super().__init__()
        channels, height, width = shape
        pools = len(options.widths) - 1
        positions = 1 if options.global_pool else (height >> pools) * (width >> pools)
        stages: dict[str, nn.Module] = {}
        for number, out_channels in enumerate(options.widths):
            stages[f"stage{number + 1}"] = _stage(options, channels, out_channels)
            stages[f"pool{number + 1}"] = nn.MaxPool2d(2) if number < pools else nn.Identity()
            channels = out_channels
        self.global_pool = options.global_pool
        self.stages = named_sequential(**stages)
        self.dropout = Dropout(options.dropout)
        self.head = mlp(
            channels * positions, options.hidden, classes, ACTIVATIONS[options.activation]
        )

    def forward(
        self, images: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Return the logits, (batch, classes)."""
        x = self.stages(images)
        x = x.mean((2, 3)) if self.global_pool else flatten(x)
        logits: Tensor = self.head(self.dropout(x))
        return logits


def _stage(options: ConvNetOptions, in_channels: int, out_channels: int) -> nn.Sequential:
    activation = ACTIVATIONS[options.activation]
    style = AttentionStyle(reduction=options.reduction, activation=activation)
    return named_sequential(
        conv=nn.Conv2d(in_channels, out_channels, 3, padding=1),
        norm=NORMS[options.norm if options.batch_norm else "none"](out_channels),
        attention=ATTENTION[options.attention](out_channels, style),
        activation=activation(),
    )
