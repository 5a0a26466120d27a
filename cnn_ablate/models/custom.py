"""User-defined networks, named `package.module:Name`; the arguments of `Name` are the knobs.

`Name` is a class, or a function that returns the network. It is called with its knobs by keyword
and, if its signature has them, with the numbers `channels` and `classes`, and with `image_size`:
the side of square images in pixels, else (height, width). `in_channels` and `num_classes` are
knobs, and filled in like the former where neither study nor signature has a value.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from cnn_ablate.custom import OpenPackages, UserOptions, options_from_signature
from cnn_ablate.errors import UserError
from cnn_ablate.models.counter_dropout import number_dropouts
from cnn_ablate.models.initial_weights import initialise
from cnn_ablate.models.model_options import ModelOptions, Shape
from cnn_ablate.rng import key
from cnn_ablate.text import count

_CLASSES = (
    "An argument `classes` or `num_classes` is given that number; one called otherwise is set in "
    "the study."
)


class UserModel(UserOptions, ModelOptions):
    """The knobs of a user-defined network."""

    provides: ClassVar[tuple[str, ...]] = ("channels", "classes", "image_size")
    synonyms: ClassVar[Mapping[str, str]] = {"in_channels": "channels", "num_classes": "classes"}
    open_packages: ClassVar[OpenPackages] = {
        "torchvision.models": nn.Module,
        "timm.models": nn.Module,
    }
    on_meta: ClassVar[bool] = False

    def build(self, shape: Shape, classes: int) -> nn.Module:
        """Build the network, and call it once with two images of zeros, of any size.

        Raises:
            UserError: building or calling it fails, it returns no logits, or it cannot learn.
        """
        network, misfit = self.network(shape, classes), self._misfit(shape[0], classes)
        number_dropouts(network)
        try:
            with torch.no_grad():
                logits = self.call_user_code(
                    "calling it failed", network.eval(), torch.zeros(2, *shape)
                )
        except UserError as error:
            hint = error.hint or misfit or self._ask_for_channels(shape[0])
            raise UserError(error.where, error.what, hint) from error
        if not isinstance(logits, Tensor) or logits.shape != (2, classes):
            given = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            expected = f"expected logits of shape {(2, classes)} for two images, got {given}."
            hint = misfit or _CLASSES if isinstance(logits, Tensor) else ""
            raise UserError(self.origin.path, expected, hint)
        if not any(weight.requires_grad for weight in network.parameters()):
            raise UserError(self.origin.path, "has no parameters to train: none has requires_grad.")
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

    def _misfit(self, channels: int, classes: int) -> str:
        """Return a hint to arguments that have another number than the data; empty if none has."""
        data = {"channels": channels, "classes": classes}
        right = {
            name: data[meant]
            for name, meant in self.synonyms.items()
            if name in self.origin.knobs and meant not in self.origin.provided
        }
        wrong = [f"{n}={k}" for n, k in right.items() if getattr(self, n) not in (None, k)]
        ask = f"The data have {' and '.join(wrong)}: set it in the study, or give it no default."
        return ask if wrong else ""

    def _ask_for_channels(self, channels: int) -> str:
        """Return a hint for a network that is not told the channels; empty if it is."""
        if self.origin.provided[:1] == ("channels",) or "in_channels" in self.origin.knobs:
            return ""
        return (
            f"The data have {count(channels, 'channel')}. An argument `channels` or `in_channels` "
            "is given that number; one called otherwise is set in the study."
        )

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
