"""Networks of the user's own, named `package.module:Name`: the knobs are what `Name` takes.

`Name` is a class or a function that gives the network. It is called with its knobs by keyword and,
where its signature names them, with `channels` and `classes` (numbers) and `image_size`: the side
of square images in pixels, else (height, width).
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from cnn_ablate.custom import UserOptions, user_options
from cnn_ablate.errors import UserError
from cnn_ablate.models.dropout import number_dropouts
from cnn_ablate.models.initialisation import initialise
from cnn_ablate.models.options import ModelOptions, Shape
from cnn_ablate.rng import key

_CLASSES = "An argument `classes` is given that number; one called otherwise is set in the study."


class UserModel(UserOptions, ModelOptions):
    """The knobs of a network of the user's."""

    gives: ClassVar[tuple[str, ...]] = ("channels", "classes", "image_size")
    on_meta: ClassVar[bool] = False

    def build(self, shape: Shape, classes: int) -> nn.Module:
        """Build the network, and try it on two empty images of any size.

        Raises:
            UserError: building or calling it fails, or it gives no logits.
        """
        network = self.network(shape, classes)
        number_dropouts(network)
        with torch.no_grad():
            answers = self.attempted("calling it failed", network.eval(), torch.zeros(2, *shape))
        if not isinstance(answers, Tensor) or answers.shape != (2, classes):
            given = tuple(answers.shape) if isinstance(answers, Tensor) else type(answers).__name__
            expected = f"expected logits of shape {(2, classes)} for two images, got {given}."
            hint = _CLASSES if isinstance(answers, Tensor) else ""
            raise UserError(self.origin.name, expected, hint)
        return network.train()

    def network(self, shape: Shape, classes: int) -> nn.Module:
        """Call the user's class or function."""
        channels, height, width = shape
        size = height if height == width else (height, width)
        network = self.made(channels=channels, classes=classes, image_size=size)
        if not isinstance(network, nn.Module):
            kind = type(network).__name__
            raise UserError(self.origin.name, f"gives no torch.nn.Module, but {kind}.")
        return network

    def initialised(self, shape: Shape, classes: int, *, seed: int, scheme: str) -> nn.Module:
        """Build the network as it draws its own weights, which `default` leaves as they are."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(key(seed, "init"))
            network = self.build(shape, classes)
        if scheme != "default":
            initialise(network, seed, scheme)
        return network


def user_model(name: str) -> type[UserModel]:
    """Give the options of a user's network, from the source as it is now.

    Raises:
        UserError: it cannot be imported, or cannot be called with knobs.
    """
    return user_options(name, UserModel)
