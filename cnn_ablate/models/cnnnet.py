"""CNNNet: attention on the image, two residual blocks, a wide convolution, an MLP head."""

from typing import Annotated, Literal

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from cnn_ablate.models.attention import ATTENTION, AttentionStyle
from cnn_ablate.models.fast_cpu_ops import flatten
from cnn_ablate.models.layers import ACTIVATIONS, NORMS, Activation, Norm, mlp, named_sequential
from cnn_ablate.models.model_options import ModelOptions, Shape
from cnn_ablate.options import OneOf, knob


class CNNNetOptions(ModelOptions):
    """CNNNet: a small residual network with attention on its input.

    Reference: Liu, "Optimization and Practice of Convolutional Neural Networks in Image
    Classification Tasks"; the defaults are those of its code.
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
        "Factor by which attention reduces the channels.",
        ge=1,
        needs={"attention": ("se", "cbam")},
    )
    spatial_kernel: Literal[1, 3, 7] = knob(
        7, "Kernel size of CBAM's spatial convolution (paper: 1).", needs={"attention": ("cbam",)}
    )
    last_conv: bool = knob(
        True, "Add the 5x5 convolution before the fully connected layers.", added_later=True
    )
    fc_layers: int = knob(2, "Number of fully connected layers.", ge=1, le=4)
    activation: Annotated[str, OneOf("activation", ACTIVATIONS)] = knob(
        "relu", "Activation after each hidden layer."
    )
    relu_logits: bool = knob(True, "Apply a ReLU to the logits, as the published code does.")

    def network(self, shape: Shape, classes: int) -> nn.Module:
        """Return the network."""
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
        self.relu_logits = options.relu_logits
        self.attention = ATTENTION[options.attention](channels, style)
        self.block1 = Block((channels, 16, 36), norm, activation, residual=options.residual)
        self.block2 = Block((36, 72, 156), norm, activation, residual=options.residual)
        self.conv5: nn.Module = nn.Identity()
        features = 156 * (height // 4) * (width // 4)
        if options.last_conv:
            # Maps smaller than the kernel (images under 20 px) are padded as little as needed.
            padding = max(0, (6 - min(height, width) // 4) // 2)
            features = 312 * (height // 4 - 4 + 2 * padding) * (width // 4 - 4 + 2 * padding)
            self.conv5 = named_sequential(
                conv=nn.Conv2d(156, 312, 5, padding=padding, bias=False),
                norm=norm(312),
                activation=activation(),
            )
        self.head = mlp(features, [156] * (options.fc_layers - 1), classes, activation)

    def forward(
        self, images: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Return the logits, (batch, classes)."""
        x = self.attention(images)
        x = F.max_pool2d(self.block1(x), 2)
        x = F.max_pool2d(self.block2(x), 2)
        logits: Tensor = self.head(flatten(self.conv5(x)))
        return F.relu(logits) if self.relu_logits else logits


class Block(nn.Module):
    """Two 3x3 convolutions and, if residual, a 1x1 convolution as shortcut around both."""

    def __init__(
        self, widths: tuple[int, int, int], norm: Norm, activation: Activation, *, residual: bool
    ) -> None:
        super().__init__()
        in_channels, middle, out_channels = widths
        self.first = named_sequential(
            conv=nn.Conv2d(in_channels, middle, 3, padding=1, bias=False), norm=norm(middle)
        )
        self.second = named_sequential(
            conv=nn.Conv2d(middle, out_channels, 3, padding=1, bias=False), norm=norm(out_channels)
        )
        self.shortcut = (
            named_sequential(
                conv=nn.Conv2d(in_channels, out_channels, 1, bias=False), norm=norm(out_channels)
            )
            if residual
            else None
        )
        self.activation = activation()

    def forward(
        self, x: Float[Tensor, "batch in_channels height width"]
    ) -> Float[Tensor, "batch out_channels height width"]:
        """Return the activated maps; height and width stay."""
        y = self.second(self.activation(self.first(x)))
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        activated: Tensor = self.activation(y)
        return activated
