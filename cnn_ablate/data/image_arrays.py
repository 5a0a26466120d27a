"""Images in NumPy files: `.npy`, or the only array of an `.npz`; pickles are refused."""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray
from PIL import Image

from cnn_ablate.data.image_files import Decoding, fit_to_shape
from cnn_ablate.errors import UserError

ARRAYS = (".npy", ".npz")
PICKLES = (".pkl", ".pickle", ".p")
_CONVERT = (
    "Where you trust it, convert it: python -c \"import numpy, pickle; numpy.save('images.npy', "
    "numpy.asarray(pickle.load(open('{name}', 'rb'))))\""
)
_FORMS = "(n, height, width), (n, height, width, channels) or (n, channels, height, width)"


def read_array(path: Path, decoding: Decoding) -> list[UInt8[np.ndarray, "channel height width"]]:
    """Read the images in a NumPy file, each resized as an image file is.

    Raises:
        UserError: it is a pickle or damaged, or has no images of 8 bits or between 0 and 1.
    """
    if path.suffix.lower() in PICKLES:
        raise _refused(path)
    try:
        opened = np.load(path, allow_pickle=False)
        names = list(opened.files) if isinstance(opened, np.lib.npyio.NpzFile) else []
        if len(names) > 1:
            what = f"has {len(names)} arrays: {', '.join(names)}."
            raise UserError(str(path), what, "Save the images alone.")
        array = opened[names[0]] if names else np.asarray(opened)
    except (OSError, ValueError, EOFError, IndexError, BadZipFile) as error:
        if "pickle" in str(error):
            raise _refused(path) from error
        raise UserError(str(path), f"cannot be read as an array: {error}.") from error
    return [_resized(image, decoding) for image in _as_bytes(path, _channels_last(path, array))]


def _refused(path: Path) -> UserError:
    what = "is a pickle, which can run any program when it is opened."
    return UserError(str(path), what, _CONVERT.format(name=path.name))


def _channels_last(path: Path, array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return images as (n, height, width, channels); a single image has n = 1."""
    if array.ndim == 2:
        array = array[None]
    if array.ndim == 3 and array.shape[-1] in {1, 3} and array.shape[0] > 3:
        array = array[None]
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim == 4 and array.shape[-1] not in {1, 3} and array.shape[1] in {1, 3}:
        array = array.transpose(0, 2, 3, 1)
    if array.ndim != 4 or array.shape[-1] not in {1, 3} or not array.size:
        shown = " x ".join(map(str, array.shape))
        raise UserError(str(path), f"has the shape {shown}: no images.", f"Expected {_FORMS}.")
    return array


def _as_bytes(path: Path, images: NDArray[np.generic]) -> NDArray[np.uint8]:
    if images.dtype == np.uint8:
        return images.astype(np.uint8, copy=False)
    if images.dtype.kind == "b":
        return images.astype(np.uint8) * np.uint8(255)
    low, high = float(images.min()), float(images.max())
    if images.dtype.kind in "iu" and low >= 0 and high <= 255:
        return images.astype(np.uint8)
    if images.dtype.kind == "f" and low >= 0 and high <= 1:
        return np.asarray(np.rint(images.astype(np.float32) * 255), np.uint8)
    what = f"has values from {low:g} to {high:g} ({images.dtype})."
    raise UserError(str(path), what, "Expected 0 to 255, or floats from 0 to 1.")


def _resized(
    image: NDArray[np.uint8], decoding: Decoding
) -> UInt8[np.ndarray, "channel height width"]:
    opened = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    return fit_to_shape(opened, decoding)
