"""Augmentations of the user's own, named `package.module:Name`: the knobs are what `Name` takes.

`Name` is a class or a function that gives what is called with a batch of images and the stream of
their random numbers. What takes images alone is called for each image by itself, with torch's
generator set by that image's own stream: so torchvision's transforms can be named.
"""

import inspect
from collections.abc import Callable
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from cnn_ablate.custom import UserOptions, user_options
from cnn_ablate.data.augment.operation import Context, ImageAugmentation, Stream
from cnn_ablate.data.normalize import Pixels
from cnn_ablate.errors import UserError


class UserAugmentation(UserOptions, ImageAugmentation):
    """The knobs of an augmentation of the user's."""

    def change(self, images: Pixels, stream: Stream, context: Context) -> Pixels:
        """Let the user's code change a copy of the images.

        Raises:
            UserError: it fails, or gives something else than so many images of this size.
        """
        call = self._built if self._takes_stream else self._one_by_one
        changed = self.attempted("calling it failed", call, images.clone(), stream)
        if not isinstance(changed, Tensor) or changed.shape != images.shape:
            given = tuple(changed.shape) if isinstance(changed, Tensor) else type(changed).__name__
            expected = f"expected images of shape {tuple(images.shape)} back, got {given}."
            raise UserError(self.name, expected)
        if changed.dtype == images.dtype:
            return changed
        return changed.float() if changed.is_floating_point() else changed.clamp(0, 255).byte()

    @cached_property
    def _built(self) -> Callable[..., Any]:
        built: Callable[..., Any] = self.made()
        if not callable(built):
            kind = type(built).__name__
            raise UserError(self.name, f"gives nothing to call with images, but {kind}.")
        return built

    @cached_property
    def _takes_stream(self) -> bool:
        call = self._built.forward if isinstance(self._built, torch.nn.Module) else self._built
        return len(inspect.signature(call).parameters) > 1

    def _one_by_one(self, images: Tensor, stream: Stream) -> Tensor:
        keys = stream.keys().tolist()
        with torch.random.fork_rng(devices=[]):
            changed = []
            for image, key in zip(images, keys, strict=True):
                torch.default_generator.manual_seed(key)
                changed.append(self._built(image))
        return torch.stack(changed)


def user_augmentation(name: str) -> type[UserAugmentation]:
    """Give the options of a user's augmentation, from the source as it is now.

    Raises:
        UserError: it cannot be imported, or cannot be called with knobs.
    """
    entry = user_options(name, UserAugmentation)
    entry.name = name
    return entry
