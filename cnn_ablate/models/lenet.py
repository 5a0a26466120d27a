"""LeNet: two convolutions with max pooling, and three fully connected layers."""

from typing import Annotated, Literal

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from cnn_ablate.models.fast_cpu_ops import flatten
from cnn_ablate.models.layers import ACTIVATIONS, NORMS, mlp, named_sequential
from cnn_ablate.models.model_options import ModelOptions, Shape
from cnn_ablate.options import OneOf, knob


class LeNetOptions(ModelOptions):
    """LeNet, the smallest network, as in PyTorch's tutorials.

    Reference: Li, "Application research of image classification based on Pytorch and
    Convolutional neural network"; also the first step of Cao, "A New Classifier Based on CIFAR10
    Data Set", whose text says 5x5 kernels and whose table says 3x3.
    """

    kernel: Literal[3, 5] = knob(5, "Kernel size of both convolutions.")
    norm: Annotated[str, OneOf("norm", NORMS)] = knob(
        "none", "Normalisation after each convolution."
    )
    activation: Annotated[str, OneOf("activation", ACTIVATIONS)] = knob(
        "relu", "Activation after each hidden layer."
    )

    def network(self, shape: Shape, classes: int) -> nn.Module:
        """Return the network."""
        return LeNet(self, shape, classes)


class LeNet(nn.Module):
    """The network of LeNetOptions."""

    def __init__(self, options: LeNetOptions, shape: Shape, classes: int) -> None:
        super().__init__()
        channels, height, width = shape
        norm, activation = NORMS[options.norm], ACTIVATIONS[options.activation]
        lost = options.kernel - 1
        rows, columns = (((side - lost) // 2 - lost) // 2 for side in (height, width))
        self.conv1 = named_sequential(
            conv=nn.Conv2d(channels, 6, options.kernel), norm=norm(6), activation=activation()
        )
        self.conv2 = named_sequential(
            conv=nn.Conv2d(6, 16, options.kernel), norm=norm(16), activation=activation()
        )
        self.head = mlp(16 * rows * columns, [120, 84], classes, activation)

    def forward(
        self, images: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Return the logits, (batch, classes)."""
        x = F.max_pool2d(self.conv1(images), 2)
        x = F.max_pool2d(self.conv2(x), 2)
        logits: Tensor = self.head(flatten(x))
        return logits
