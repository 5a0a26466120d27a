"""Decode image files: any size, mode and orientation becomes (channels, height, width)."""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from PIL import ExifTags, Image, ImageOps

from cnn_ablate.errors import UserError

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
    *(".pbm", ".pgm", ".ppm", ".pnm"),
)
# Pillow also reads formats that run other programs, or that nobody trains on.
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
# Pictures of more pixels are refused before they are unpacked, unless a study allows them.
MOST_MEGAPIXELS = 100.0
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIXTEEN_BITS = 65_535
# Pillow's own limit is half as large, global, and only in part an error.
Image.MAX_IMAGE_PIXELS = None
CHUNK = 512
# File size in bytes below which threads do not pay: about 200 x 200 as JPEG.
SMALL = 8192


Resize = Literal["crop", "pad", "stretch"]
# Cut off what is outside the shape, surround with black, or change the ratio of the sides.
_RESIZE: Mapping[Resize, Callable[..., Image.Image]] = {
    "crop": ImageOps.fit,
    "pad": ImageOps.pad,
    "stretch": Image.Image.resize,
}


@dataclass(frozen=True)
class Decoding:
    """How image files are read: the shape of the images, their largest size, and broken files."""

    shape: tuple[int, int, int]
    most_megapixels: float = MOST_MEGAPIXELS
    skip_broken: bool = False
    resize: Resize = "crop"


@dataclass(frozen=True)
class BrokenFile:
    """A picture that cannot be read: its place among all, and why."""

    place: int
    error: UserError


def decode(
    paths: Sequence[Path], decoding: Decoding, broken: list[BrokenFile]
) -> Iterator[UInt8[np.ndarray, "n channel height width"]]:
    """Decode image files chunk by chunk; those that cannot be read are left out and listed.

    Large images are decoded on all cores. Small ones are not: their threads would wait for the
    interpreter lock most of the time (on two cores, 365 instead of 120 microseconds per 32 x 32).
    """
    read_one = partial(_read_or_error, decoding=decoding)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        apply = pool.map if paths[0].stat().st_size > SMALL else map
        for start in range(0, len(paths), CHUNK):
            with warnings.catch_warnings():
                # Pillow warns of metadata that it cannot read, which is not used.
                warnings.simplefilter("ignore")
                results = list(apply(read_one, paths[start : start + CHUNK]))
            broken += (
                BrokenFile(start + i, result)
                for i, result in enumerate(results)
                if isinstance(result, UserError)
            )
            images = [result for result in results if not isinstance(result, UserError)]
            yield np.stack(images) if images else np.empty((0, *decoding.shape), np.uint8)


def _read_or_error(
    path: Path, decoding: Decoding
) -> UInt8[np.ndarray, "channel height width"] | UserError:
    try:
        return read_image(path, decoding)
    except UserError as error:
        return error


def read_image(path: Path, decoding: Decoding) -> UInt8[np.ndarray, "channel height width"]:
    """Decode one image file; raises UserError naming the file."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            _check_size(image, decoding.most_megapixels)
            return fit_to_shape(image, decoding, _turn(image))
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise UserError(
            str(path), f"cannot be read as a picture: {reason}.", "Replace or remove it."
        ) from error


def _turn(image: Image.Image) -> Image.Transpose | None:
    """Return what turns a picture upright by its EXIF orientation, the only tag that is read."""
    try:
        return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - metadata that no program can read turns nothing
        return None


def _check_size(image: Image.Image, most_megapixels: float) -> None:
    megapixels = image.width * image.height / 1e6
    if megapixels > most_megapixels:
        raise ValueError(
            f"{image.width:,} x {image.height:,} are {megapixels:,.1f} megapixels, more than "
            f"data.max_megapixels ({most_megapixels:g})"
        )


def to_eight_bits(image: Image.Image) -> Image.Image:
    """Return a grey image of 16 bits in 8, and any other as it is.

    Raises:
        ValueError: it has other values than 0 to 65,535.
    """
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.asarray(image)
    if image.mode == "F" or values.min() < 0 or values.max() > _SIXTEEN_BITS:
        raise ValueError(f"mode {image.mode} has more than 16 bits per channel")
    return Image.fromarray((values / (_SIXTEEN_BITS / 255)).round().astype(np.uint8))


def fit_to_shape(
    image: Image.Image, decoding: Decoding, turn: Image.Transpose | None = None
) -> UInt8[np.ndarray, "channel height width"]:
    """Turn upright, lay over white, convert to the channels, and resize."""
    channels, height, width = decoding.shape
    image = to_eight_bits(image)
    if turn is not None:
        image = image.transpose(turn)
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    image = image.convert("L" if channels == 1 else "RGB")
    if image.size != (width, height):
        image = _RESIZE[decoding.resize](image, (width, height), Image.Resampling.BILINEAR)
    return np.asarray(image).reshape(height, width, channels).transpose(2, 0, 1)
