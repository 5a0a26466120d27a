"""User-defined augmentations, named `package.module:Name`; the arguments of `Name` are the knobs.

`Name` is a class, or a function that returns an object: a callable of a batch of images and their
stream of random numbers. A callable of images alone is called per image, with torch's generator
seeded by that image's stream, so torchvision's transforms can be named.
"""

import inspect
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor

from cnn_ablate.custom import OpenPackages, UserOptions, options_from_signature
from cnn_ablate.data.augment.operation import Context, ImageAugmentation, Stream
from cnn_ablate.data.normalize import Pixels
from cnn_ablate.errors import UserError


class UserAugmentation(UserOptions, ImageAugmentation):
    """The knobs of a user-defined augmentation."""

    open_packages: ClassVar[OpenPackages] = {"torchvision.transforms": torch.nn.Module}

    def transform_images(self, images: Pixels, stream: Stream, context: Context) -> Pixels:
        """Transform a copy of the images by the user's code.

        Raises:
            UserError: it fails, or returns something else than images of this shape.
        """
        call = self._built if self._takes_stream else self._one_by_one
        changed = self.call_user_code("calling it failed", call, images.clone(), stream)
        if not isinstance(changed, Tensor) or changed.shape != images.shape:
            given = tuple(changed.shape) if isinstance(changed, Tensor) else type(changed).__name__
            expected = f"expected images of shape {tuple(images.shape)} back, got {given}."
            raise UserError(self.name, expected)
        if changed.dtype == images.dtype:
            return changed
        return changed.float() if changed.is_floating_point() else changed.clamp(0, 255).byte()

    @cached_property
    def _built(self) -> Callable[..., Any]:
        built: Callable[..., Any] = self.instantiate()
        if not callable(built):
            kind = type(built).__name__
            raise UserError(self.name, f"returns {kind}, which cannot be called with images.")
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


def user_augmentation_options(name: str) -> type[UserAugmentation]:
    """Return the options class of a user-defined augmentation, by its import path.

    Raises:
        UserError: it cannot be imported, or cannot be called with knobs.
    """
    options = options_from_signature(name, UserAugmentation)
    options.name = name
    return options
