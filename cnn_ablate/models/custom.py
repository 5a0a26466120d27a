"""User-defined networks, named `package.module:Name`; the arguments of `Name` are the knobs.

`Name` is a class, or a function that returns the network. It is called with its knobs by keyword
and, if its signature has them, with the numbers `channels` and `classes`, and with `image_size`:
the side of square images in pixels, else (height, width).
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from cnn_ablate.custom import OpenPackages, UserOptions, options_from_signature
from cnn_ablate.errors import UserError
from cnn_ablate.models.counter_dropout import number_dropouts
from cnn_ablate.models.initial_weights import initialise
from cnn_ablate.models.model_options import ModelOptions, Shape
from cnn_ablate.rng import key

_CLASSES = "An argument `classes` is given that number; one called otherwise is set in the study."


class UserModel(UserOptions, ModelOptions):
    """The knobs of a user-defined network."""

    provides: ClassVar[tuple[str, ...]] = ("channels", "classes", "image_size")
    open_packages: ClassVar[OpenPackages] = {
        "torchvision.models": nn.Module,
        "timm.models": nn.Module,
    }
    on_meta: ClassVar[bool] = False

    def build(self, shape: Shape, classes: int) -> nn.Module:
        """Build the network, and call it once with two images of zeros, of any size.

        Raises:
            UserError: building or calling it fails, or it returns no logits.
        """
        network = self.network(shape, classes)
        number_dropouts(network)
        with torch.no_grad():
            logits = self.call_user_code(
                "calling it failed", network.eval(), torch.zeros(2, *shape)
            )
        if not isinstance(logits, Tensor) or logits.shape != (2, classes):
            given = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            expected = f"expected logits of shape {(2, classes)} for two images, got {given}."
            hint = _CLASSES if isinstance(logits, Tensor) else ""
            raise UserError(self.origin.path, expected, hint)
        return network.train()

    def network(self, shape: Shape, classes: int) -> nn.Module:
        """Call the user's class or function."""
        channels, height, width = shape
        size = height if height == width else (height, width)
        network = self.instantiate(channels=channels, classes=classes, image_size=size)
        if not isinstance(network, nn.Module):
            kind = type(network).__name__
            raise UserError(self.origin.path, f"returns {kind}, not a torch.nn.Module.")
        return network

    def build_initialised(self, shape: Shape, classes: int, *, seed: int, scheme: str) -> nn.Module:
        """Build the network with its own initial weights, which the scheme `default` keeps."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(key(seed, "init"))
            network = self.build(shape, classes)
        if scheme != "default":
            initialise(network, seed, scheme)
        return network


def user_model_options(name: str) -> type[UserModel]:
    """Return the options class of a user-defined network, by its import path.

    Raises:
        UserError: it cannot be imported, or cannot be called with knobs.
    """
    return options_from_signature(name, UserModel)
