"""The items of a torch data set of the user's, as arrays: pictures to bytes, labels to numbers."""

from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from PIL import Image

from cnn_ablate.data.image_files import depth_fault
from cnn_ablate.errors import UserError

ImageArray = UInt8[np.ndarray, "channel height width"]
ImageArrays = UInt8[np.ndarray, "n channel height width"]


@runtime_checkable
class Items(Protocol):
    """What torch calls a map-style data set."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int) -> Any: ...


def arrays(items: Items) -> tuple[ImageArrays, Int64[np.ndarray, " n"]]:
    """Read all (image, label) pairs.

    Raises:
        UserError: an item is no such pair, or not of the shape of the first.
    """
    if not len(items):
        raise UserError("", "it holds no images.")
    images: list[ImageArray] = []
    labels = []
    for number in range(len(items)):
        image, label = pair(items, number)
        if images and image.shape != images[0].shape:
            what = f"image {number} is {_sides(image)}, but the first is {_sides(images[0])}."
            raise UserError("", what, "The data set must give all in one size.")
        images.append(image)
        labels.append(label)
    return np.stack(images), np.array(labels, np.int64)


def pair(items: Items, number: int) -> tuple[ImageArray, int]:
    """Read one item.

    Raises:
        UserError: it is no pair of an image and a class number.
    """
    item = items[number]
    if not isinstance(item, (tuple, list)) or len(item) != 2:
        raise UserError("", f"item {number} is no pair of an image and a label.")
    try:
        return pixels(item[0]), _label(item[1])
    except UserError as fault:
        raise UserError("", f"item {number}: {fault.what}", fault.hint) from None


def pixels(image: Any) -> ImageArray:
    """Turn a picture, an array (height, width, channel) or a tensor (channel, height, width) round.

    Arrays and tensors hold whole numbers of 0 to 255 or fractions of 0 to 1; grey ones may lack
    the channel.
    """
    array = _channels_first(image)
    array = array[None] if array.ndim == 2 else array
    if array.ndim != 3:
        raise UserError("", f"expected an image of 2 or 3 dimensions, got {array.ndim}.")
    return np.ascontiguousarray(_bytes(array))


def _channels_first(image: Any) -> np.ndarray:
    if isinstance(image, torch.Tensor):
        return image.detach().cpu().numpy()
    if isinstance(image, Image.Image):
        if fault := depth_fault(image):
            raise UserError("", f"{fault}.", "Give an array of fractions from 0 to 1.")
        image = np.asarray(image.convert("L" if image.mode in {"1", "L"} else "RGB"))
    if not isinstance(image, np.ndarray):
        kind = type(image).__name__
        raise UserError("", f"expected a picture, an array or a tensor, got {kind}.")
    return image.transpose(2, 0, 1) if image.ndim == 3 else image


def _bytes(image: np.ndarray) -> ImageArray:
    if image.dtype == np.uint8:
        return image
    top = 255 if image.dtype.kind in "iu" else 1
    if not ((image >= 0) & (image <= top)).all():
        what = f"expected numbers from 0 to {top}, got {image.min():g} to {image.max():g}."
        raise UserError("", what, "Leave it to data.normalize to normalise.")
    return (image * (255 / top)).round().astype(np.uint8)


def _label(label: Any) -> int:
    number = label.item() if isinstance(label, (torch.Tensor, np.generic)) else label
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise UserError("", f"expected a class number from 0 up as label, got {number!r}.")
    return number


def _sides(image: np.ndarray) -> str:
    return " x ".join(map(str, image.shape))
