"""CNNNet: attention on the image, two residual blocks, a wide convolution, a dense head."""

from typing import Annotated, Literal

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from cnn_ablate.models.attention import ATTENTION, AttentionStyle
from cnn_ablate.models.flatten import flatten
from cnn_ablate.models.layers import ACTIVATIONS, NORMS, Activation, Norm, dense, named
from cnn_ablate.models.options import ModelOptions, Shape
from cnn_ablate.options import OneOf, knob


class CNNNetOptions(ModelOptions):
    """CNNNet: a small residual network with attention on its input.

    Reference: Liu, "Optimization and Practice of Convolutional Neural Networks in Image
    Classification Tasks"; the defaults are those of its program.
    """

    batch_norm: bool = knob(True, "Normalise after each convolution.")
    norm: Annotated[str, OneOf("norm", NORMS)] = knob(
        "batch", "Kind of normalisation.", needs={"batch_norm": (True,)}
    )
    residual: bool = knob(True, "Add a 1x1 shortcut to each block.")
    attention: Annotated[str, OneOf("attention", ATTENTION)] = knob(
        "cbam", "Attention on the input image."
    )
    reduction: int = knob(
        3,
        "How far attention narrows the channels.",
        ge=1,
        needs={"attention": ("se", "cbam")},
    )
    spatial_kernel: Literal[1, 3, 7] = knob(
        7, "Kernel of CBAM's spatial convolution (text: 1).", needs={"attention": ("cbam",)}
    )
    fc_layers: int = knob(2, "Number of fully connected layers.", ge=1, le=4)
    activation: Annotated[str, OneOf("activation", ACTIVATIONS)] = knob(
        "relu", "Activation after each hidden layer."
    )
    relu_logits: bool = knob(True, "Put a ReLU on the logits, as the published program does.")

    def network(self, shape: Shape, classes: int) -> nn.Module:
        """Give the network."""
        return CNNNet(self, shape, classes)


class CNNNet(nn.Module):
    """The network of CNNNetOptions."""

    def __init__(self, options: CNNNetOptions, shape: Shape, classes: int) -> None:
        super().__init__()
        channels, height, width = shape
        activation = ACTIVATIONS[options.activation]
        norm = NORMS[options.norm if options.batch_norm else "none"]
        style = AttentionStyle(
            reduction=options.reduction,
            spatial_kernel=options.spatial_kernel,
            spatial_maps=channels,
            activation=activation,
        )
        # Maps smaller than conv5's kernel (images under 20 px) are padded just enough.
        padding = max(0, (6 - min(height, width) // 4) // 2)
        places = (height // 4 - 4 + 2 * padding) * (width // 4 - 4 + 2 * padding)
        self.relu_logits = options.relu_logits
        self.attention = ATTENTION[options.attention](channels, style)
        self.block1 = Block((channels, 16, 36), norm, activation, residual=options.residual)
        self.block2 = Block((36, 72, 156), norm, activation, residual=options.residual)
        self.conv5 = named(
            conv=nn.Conv2d(156, 312, 5, padding=padding, bias=False),
            norm=norm(312),
            activation=activation(),
        )
        self.head = dense(312 * places, [156] * (options.fc_layers - 1), classes, activation)

    def forward(
        self, images: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Give the logits."""
        x = self.attention(images)
        x = F.max_pool2d(self.block1(x), 2)
        x = F.max_pool2d(self.block2(x), 2)
        logits: Tensor = self.head(flatten(self.conv5(x)))
        return F.relu(logits) if self.relu_logits else logits


class Block(nn.Module):
    """Two 3x3 convolutions and, if residual, a 1x1 convolution around both."""

    def __init__(
        self, widths: tuple[int, int, int], norm: Norm, activation: Activation, *, residual: bool
    ) -> None:
        super().__init__()
        entering, middle, leaving = widths
        self.first = named(
            conv=nn.Conv2d(entering, middle, 3, padding=1, bias=False), norm=norm(middle)
        )
        self.second = named(
            conv=nn.Conv2d(middle, leaving, 3, padding=1, bias=False), norm=norm(leaving)
        )
        self.shortcut = (
            named(conv=nn.Conv2d(entering, leaving, 1, bias=False), norm=norm(leaving))
            if residual
            else None
        )
        self.activation = activation()

    def forward(
        self, x: Float[Tensor, "batch entering height width"]
    ) -> Float[Tensor, "batch leaving height width"]:
        """Give the activated maps, of the same height and width."""
        y = self.second(self.activation(self.first(x)))
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        activated: Tensor = self.activation(y)
        return activated
