"""What every network's options share: how a network is built, and for which images."""

from abc import abstractmethod
from typing import Annotated, ClassVar

from annotated_types import Len
from pydantic import PositiveInt, Strict
from torch import nn

from cnn_ablate.errors import UserError
from cnn_ablate.models.dropout import number_dropouts
from cnn_ablate.models.initialisation import initialise
from cnn_ablate.options import Options

# Channels, height, width of one image.
Shape = tuple[int, int, int]
# Strict(False) lets a YAML list be a tuple; its members stay strict.
Widths = Annotated[tuple[PositiveInt, ...], Strict(False)]
Stages = Annotated[tuple[PositiveInt, ...], Strict(False), Len(1, 5)]

SMALLEST_IMAGE = 16


class ModelOptions(Options):
    """The knobs of one network family; each subclass gives its `network`."""

    # Whether it can be built without memory, on torch's meta device.
    on_meta: ClassVar[bool] = True

    def build(self, shape: Shape, classes: int) -> nn.Module:
        """Build the network that turns images (batch, *shape) into logits (batch, classes).

        Raises:
            UserError: the images are smaller than 16 x 16 px.
        """
        _, height, width = shape
        if min(height, width) < SMALLEST_IMAGE:
            raise UserError(
                "model",
                f"the networks take images from {SMALLEST_IMAGE} x {SMALLEST_IMAGE} px up, "
                f"got {height} x {width}.",
            )
        network = self.network(shape, classes)
        number_dropouts(network)
        return network

    def initialised(self, shape: Shape, classes: int, *, seed: int, scheme: str) -> nn.Module:
        """Build the network with its initial weights, which follow from the seed alone."""
        network = self.build(shape, classes)
        initialise(network, seed, scheme)
        return network

    @abstractmethod
    def network(self, shape: Shape, classes: int) -> nn.Module:
        """Give the bare network; called by `build` with a shape that is large enough."""
