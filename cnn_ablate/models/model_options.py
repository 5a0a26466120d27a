"""The base class of network options: builds a network for a shape of images."""

from abc import abstractmethod
from typing import Annotated, ClassVar

from annotated_types import Len
from pydantic import PositiveInt, Strict
from torch import nn

from cnn_ablate.errors import UserError
from cnn_ablate.models.counter_dropout import number_dropouts
from cnn_ablate.models.initial_weights import initialise
from cnn_ablate.options import Options

# Channels, height, width of one image.
Shape = tuple[int, int, int]
# Strict(False) accepts a YAML list as a tuple; its members stay strict.
Widths = Annotated[tuple[PositiveInt, ...], Strict(False)]
Stages = Annotated[tuple[PositiveInt, ...], Strict(False), Len(1, 5)]

SMALLEST_IMAGE = 16


class ModelOptions(Options):
    """The knobs of one network family; each subclass implements `network`."""

    # Whether it can be built on torch's meta device, without memory.
    on_meta: ClassVar[bool] = True

    def build(self, shape: Shape, classes: int) -> nn.Module:
        """Build a network from images (batch, *shape) to logits (batch, classes).

        Raises:
            UserError: the images are smaller than 16 x 16 px.
        """
        _, height, width = shape
        if min(height, width) < SMALLEST_IMAGE:
            raise UserError(
                "model",
                f"the networks need images of at least {SMALLEST_IMAGE} x {SMALLEST_IMAGE} px, "
                f"got {height} x {width}.",
            )
        network = self.network(shape, classes)
        number_dropouts(network)
        return network

    def build_initialised(self, shape: Shape, classes: int, *, seed: int, scheme: str) -> nn.Module:
        """Build the network with initial weights that depend on the seed and the scheme alone."""
        network = self.build(shape, classes)
        initialise(network, seed, scheme)
        return network

    def begin_epoch(self, network: nn.Module, epoch: int) -> None:
        """Prepare a network, in training mode, for an epoch, counted from 0."""

    @abstractmethod
    def network(self, shape: Shape, classes: int) -> nn.Module:
        """Return the network; `build` calls it with a shape that is large enough."""
