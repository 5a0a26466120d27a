"""ConvNet: 3x3 convolutions of growing width, to which normalisation and attention are added."""

from typing import Annotated

from jaxtyping import Float
from torch import Tensor, nn

from cnn_ablate.models.attention import ATTENTION, AttentionStyle
from cnn_ablate.models.dropout import Dropout
from cnn_ablate.models.flatten import flatten
from cnn_ablate.models.layers import ACTIVATIONS, NORMS, dense, named
from cnn_ablate.models.options import ModelOptions, Shape, Stages, Widths
from cnn_ablate.options import OneOf, knob


class ConvNetOptions(ModelOptions):
    """ConvNet: three wide convolutions and three dense layers.

    Reference: Cao, "A New Classifier Based on CIFAR10 Data Set", section 3.2 as the defaults;
    3.3 adds `batch_norm`, `global_pool` and `dropout` 0.5, and 3.4 `attention` self_attention.
    """

    widths: Stages = knob((64, 128, 256), "Channels of each convolution; pools stand between.")
    batch_norm: bool = knob(False, "Normalise after each convolution.")
    norm: Annotated[str, OneOf("norm", NORMS)] = knob(
        "batch", "Kind of normalisation.", needs={"batch_norm": (True,)}
    )
    attention: Annotated[str, OneOf("attention", ATTENTION)] = knob(
        "none", "Attention after each normalisation, before the activation."
    )
    reduction: int = knob(
        16,
        "How far attention narrows the channels.",
        ge=1,
        needs={"attention": ("se", "cbam")},
    )
    activation: Annotated[str, OneOf("activation", ACTIVATIONS)] = knob(
        "relu", "Activation after each hidden layer."
    )
    global_pool: bool = knob(False, "Average each last map into one number.")
    dropout: float = knob(0.0, "Share of features dropped before the dense layers.", ge=0, lt=1)
    hidden: Widths = knob((120, 84), "Widths of the hidden dense layers.")

    def network(self, shape: Shape, classes: int) -> nn.Module:
        """Give the network."""
        return ConvNet(self, shape, classes)


class ConvNet(nn.Module):
    """The network of ConvNetOptions."""

    def __init__(self, options: ConvNetOptions, shape: Shape, classes: int) -> None:
        super().__init__()
        channels, height, width = shape
        pools = len(options.widths) - 1
        places = 1 if options.global_pool else (height >> pools) * (width >> pools)
        stages: dict[str, nn.Module] = {}
        for number, leaving in enumerate(options.widths):
            stages[f"stage{number + 1}"] = _stage(options, channels, leaving)
            stages[f"pool{number + 1}"] = nn.MaxPool2d(2) if number < pools else nn.Identity()
            channels = leaving
        self.global_pool = options.global_pool
        self.stages = named(**stages)
        self.dropout = Dropout(options.dropout)
        self.head = dense(
            channels * places, options.hidden, classes, ACTIVATIONS[options.activation]
        )

    def forward(
        self, images: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Give the logits."""
        x = self.stages(images)
        x = x.mean((2, 3)) if self.global_pool else flatten(x)
        logits: Tensor = self.head(self.dropout(x))
        return logits


def _stage(options: ConvNetOptions, entering: int, leaving: int) -> nn.Sequential:
    activation = ACTIVATIONS[options.activation]
    style = AttentionStyle(reduction=options.reduction, activation=activation)
    return named(
        conv=nn.Conv2d(entering, leaving, 3, padding=1),
        norm=NORMS[options.norm if options.batch_norm else "none"](leaving),
        attention=ATTENTION[options.attention](leaving, style),
        activation=activation(),
    )
