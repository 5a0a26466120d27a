"""Decode image files: any size, mode and orientation becomes (channels, height, width)."""

import os
import struct
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from cnn_ablate.errors import UserError

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
    *(".pbm", ".pgm", ".ppm", ".pnm"),
)
# Pillow also reads formats that run other programs, or that nobody trains on.
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    KeyError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
CHUNK = 512
# File size in bytes below which threads do not pay: about 200 x 200 as JPEG.
SMALL = 8192


def decode(
    paths: Sequence[Path], shape: tuple[int, int, int]
) -> Iterator[UInt8[np.ndarray, "n channel height width"]]:
    """Decode image files chunk by chunk; raises UserError with the first broken one.

    Large images are decoded on all cores. Small ones are not: their threads would wait for the
    interpreter lock most of the time (on two cores, 365 instead of 120 microseconds per 32 x 32).
    """
    read_one = partial(read_image, shape=shape)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        apply = pool.map if paths[0].stat().st_size > SMALL else map
        for start in range(0, len(paths), CHUNK):
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                images = list(apply(read_one, paths[start : start + CHUNK]))
            yield np.stack(images)


def read_image(
    path: Path, shape: tuple[int, int, int]
) -> UInt8[np.ndarray, "channel height width"]:
    """Decode one image file to this shape; raises UserError naming the file."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            if Image.MAX_IMAGE_PIXELS and image.width * image.height > Image.MAX_IMAGE_PIXELS:
                raise Image.DecompressionBombError(f"{image.width} x {image.height} pixels")
            return fit_to_shape(image, shape)
    except BROKEN as error:
        raise UserError(
            str(path), f"cannot be read as a picture: {error}.", "Replace or remove it."
        ) from error


def depth_error(image: Image.Image) -> str:
    """Return the complaint about more than 8 bits per channel; empty if there are 8 or fewer."""
    is_deep = image.mode.startswith(("I", "F"))
    return f"mode {image.mode} has more than 8 bits per channel" if is_deep else ""


def fit_to_shape(
    image: Image.Image, shape: tuple[int, int, int]
) -> UInt8[np.ndarray, "channel height width"]:
    """Turn upright by EXIF, lay over white, convert to the channels, crop the centre and resize."""
    channels, height, width = shape
    if error := depth_error(image):
        raise ValueError(error)
    ImageOps.exif_transpose(image, in_place=True)
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    image = image.convert("L" if channels == 1 else "RGB")
    if image.size != (width, height):
        image = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    return np.asarray(image).reshape(height, width, channels).transpose(2, 0, 1)
