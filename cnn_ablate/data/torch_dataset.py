"""Read a map-style torch data set into arrays: images to uint8, labels to integers."""

from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from PIL import Image

from cnn_ablate.data.image_files import to_eight_bits
from cnn_ablate.errors import UserError

ImageArray = UInt8[np.ndarray, "channel height width"]
# Of pictures as arrays (height, width, channel).
_MOST_CHANNELS = 4
ImageArrays = UInt8[np.ndarray, "n channel height width"]


@runtime_checkable
class MapDataset(Protocol):
    """What torch calls a map-style data set."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Any: ...


def read_items(dataset: MapDataset) -> tuple[ImageArrays, Int64[np.ndarray, " n"]]:
    """Read all images and labels.

    Raises:
        UserError: an item is not a pair of an image and a label, or not of the first image's shape.
    """
    if not len(dataset):
        raise UserError("", "it contains no images.")
    images: list[ImageArray] = []
    labels = []
    for index in range(len(dataset)):
        image, label = read_item(dataset, index)
        if images and image.shape != images[0].shape:
            what = f"image {index} is {_size(image)}, but the first is {_size(images[0])}."
            raise UserError("", what, "All images must have one size.")
        images.append(image)
        labels.append(label)
    return np.stack(images), np.array(labels, np.int64)


def read_item(dataset: MapDataset, index: int) -> tuple[ImageArray, int]:
    """Read one image and its label.

    Raises:
        UserError: the item is not a pair of an image and a class number.
    """
    item = dataset[index]
    if not isinstance(item, (tuple, list)) or len(item) != 2:
        raise UserError("", f"item {index} is not a pair of an image and a label.")
    try:
        return to_uint8(item[0]), _to_class_number(item[1])
    except UserError as error:
        raise UserError("", f"item {index}: {error.what}", error.hint) from None


def to_uint8(image: Any) -> ImageArray:
    """Return an image as uint8 (channel, height, width).

    Args:
        image: A PIL image, an array (height, width, channel) or (channel, height, width), or a
            tensor (channel, height, width). Arrays and tensors hold integers in 0..255 or fractions
            in 0..1; grey ones may lack the channel.

    Raises:
        UserError: it is something else.
    """
    array = _channels_first(image)
    array = array[None] if array.ndim == 2 else array
    if array.ndim != 3:
        raise UserError("", f"expected an image of 2 or 3 dimensions, got {array.ndim}.")
    return np.ascontiguousarray(_scale_to_uint8(array))


def _channels_first(image: Any) -> np.ndarray:
    if isinstance(image, torch.Tensor):
        return image.detach().cpu().numpy()
    if isinstance(image, Image.Image):
        try:
            image = to_eight_bits(image)
        except ValueError as error:
            hint = "Return an array of fractions from 0 to 1."
            raise UserError("", f"{error}.", hint) from None
        image = np.asarray(image.convert("L" if image.mode in {"1", "L"} else "RGB"))
    if not isinstance(image, np.ndarray):
        kind = type(image).__name__
        raise UserError("", f"expected a picture, an array or a tensor, got {kind}.")
    if image.ndim != 3 or _has_channels_first(image.shape):
        return image
    return image.transpose(2, 0, 1)


def _has_channels_first(shape: tuple[int, ...]) -> bool:
    """Return whether an array is (channel, height, width): its first side is the shortest.

    Arrays of up to four channels in the last place are pictures, however small they are.
    """
    channels, height, width = shape
    return channels < min(height, width) and width > _MOST_CHANNELS


def _scale_to_uint8(image: np.ndarray) -> ImageArray:
    if image.dtype == np.uint8:
        return image
    top = 255 if image.dtype.kind in "iu" else 1
    if not ((image >= 0) & (image <= top)).all():
        what = f"expected numbers from 0 to {top}, got {image.min():g} to {image.max():g}."
        raise UserError("", what, "Leave it to data.normalize to normalise.")
    return (image * (255 / top)).round().astype(np.uint8)


def _to_class_number(label: Any) -> int:
    number = label.item() if isinstance(label, (torch.Tensor, np.generic)) else label
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise UserError("", f"expected a class number from 0 up as label, got {number!r}.")
    return number


def _size(image: np.ndarray) -> str:
    return " x ".join(map(str, image.shape))
