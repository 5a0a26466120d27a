"""The Fashion-MNIST networks: one or two convolutions with average pooling, and an MLP head."""

from typing import Annotated, Literal

from jaxtyping import Float
from torch import Tensor, nn

from cnn_ablate.models.fast_cpu_ops import avg_pool, flatten
from cnn_ablate.models.layers import ACTIVATIONS, NORMS, mlp, named_sequential
from cnn_ablate.models.model_options import ModelOptions, Shape, Widths
from cnn_ablate.options import OneOf, knob


class FashionCNNOptions(ModelOptions):
    """The simple network (one convolution) and the "more complex" one (two).

    Reference: Min and Wang, "CNN Image classification". Model 1 has `hidden` [] in the text and
    [128] in the code; model 2 has two convolutions and [256, 128].
    """

    convs: Literal[1, 2] = knob(1, "Number of convolutions.")
    hidden: Widths = knob((128,), "Widths of the hidden fully connected layers.")
    norm: Annotated[str, OneOf("norm", NORMS)] = knob(
        "none", "Normalisation after each convolution."
    )
    activation: Annotated[str, OneOf("activation", ACTIVATIONS)] = knob(
        "relu", "Activation after each hidden layer."
    )

    def network(self, shape: Shape, classes: int) -> nn.Module:
        """Return the network."""
        return FashionCNN(self, shape, classes)


class FashionCNN(nn.Module):
    """The network of FashionCNNOptions."""

    def __init__(self, options: FashionCNNOptions, shape: Shape, classes: int) -> None:
        super().__init__()
        channels, height, width = shape
        norm, activation = NORMS[options.norm], ACTIVATIONS[options.activation]
        rows, columns = height // 2, width // 2
        self.conv1 = named_sequential(
            conv=nn.Conv2d(channels, 16, 3, padding=1), norm=norm(16), activation=activation()
        )
        self.conv2 = None
        if options.convs == 2:
            rows, columns = (rows - 2) // 2, (columns - 2) // 2
            self.conv2 = named_sequential(
                conv=nn.Conv2d(16, 32, 3), norm=norm(32), activation=activation()
            )
        features = 16 * options.convs * rows * columns
        self.head = mlp(features, options.hidden, classes, activation)

    def forward(
        self, images: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Return the logits, (batch, classes)."""
        x = avg_pool(self.conv1(images))
        if self.conv2 is not None:
            x = avg_pool(self.conv2(x))
        logits: Tensor = self.head(flatten(x))
        return logits
