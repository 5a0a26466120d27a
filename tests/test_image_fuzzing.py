"""Damaged picture files: read or refused in one sentence, never an exception of a decoder."""

import io
import os
import random
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnn_ablate.data.image_files import Decoding, read_image
from cnn_ablate.errors import UserError

# CNN_ABLATE_MUTATIONS sets how many mutations of each file the slow test reads.
MUTATIONS = int(os.environ.get("CNN_ABLATE_MUTATIONS", "1500"))
DECODING = Decoding((3, 16, 16), most_megapixels=4.0)
FILES: dict[str, tuple[str, str, dict[str, object]]] = {
    "grey.png": ("L", "PNG", {}),
    "grey16.png": ("I;16", "PNG", {}),
    "colour.png": ("RGB", "PNG", {}),
    "alpha.png": ("RGBA", "PNG", {}),
    "palette.png": ("P", "PNG", {}),
    "bits.png": ("1", "PNG", {}),
    "grey.jpg": ("L", "JPEG", {}),
    "colour.jpg": ("RGB", "JPEG", {}),
    "progressive.jpg": ("RGB", "JPEG", {"progressive": True}),
    "cmyk.jpg": ("CMYK", "JPEG", {}),
    "palette.gif": ("P", "GIF", {}),
    "colour.bmp": ("RGB", "BMP", {}),
    "raw.tif": ("RGB", "TIFF", {}),
    "lzw.tif": ("RGB", "TIFF", {"compression": "tiff_lzw"}),
    "grey16.tif": ("I;16", "TIFF", {}),
    "lossy.webp": ("RGB", "WEBP", {}),
    "lossless.webp": ("RGBA", "WEBP", {"lossless": True}),
    "colour.ppm": ("RGB", "PPM", {}),
}


def picture(name: str) -> bytes:
    """Return a small file of a kind, with metadata where the kind has them."""
    mode, kind, options = FILES[name]
    noise = np.random.default_rng(0).integers(0, 256, (24, 20, 3), np.uint8)
    image = Image.fromarray(noise)
    if mode == "I;16":
        image = Image.fromarray(noise[..., 0].astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    if kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        options = {**options, "exif": exif}
    file = io.BytesIO()
    (image if image.mode == mode else image.convert(mode)).save(file, kind, **options)
    return file.getvalue()


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Change, insert, remove or cut off some bytes, mostly in the header."""
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        end = len(damaged) if chance.random() < 0.5 else min(64, len(damaged))
        place = chance.randrange(max(end, 1))
        match chance.randrange(5):
            case 0:
                damaged[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                damaged[place:place] = chance.randbytes(chance.randint(1, 8))
            case 2:
                del damaged[place : place + chance.randint(1, 16)]
            case 3:
                damaged[place : place + 4] = chance.choice([b"\0" * 4, b"\xff" * 4])
            case _:
                del damaged[chance.randrange(len(damaged) or 1) :]
    return bytes(damaged)


def check(path: Path, count: int) -> None:
    """Read mutations of a file; each is a picture of the right shape or a UserError."""
    content, chance = picture(path.name), random.Random(path.name)
    path.write_bytes(content)
    assert (3, 16, 16) == read_image(path, DECODING).shape
    for _ in range(count):
        path.write_bytes(mutated(content, chance))
        assert "" == fault(path)


def fault(path: Path) -> str:
    """Return what is wrong with how a picture was read or refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = read_image(path, DECODING)
        except UserError as error:
            is_sentence = str(error).startswith(f"{path}: cannot be read as a picture: ")
            return "" if is_sentence else str(error)
    return "" if ((3, 16, 16), np.uint8) == (image.shape, image.dtype) else f"{image.shape}"


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_picture_is_read_or_refused(tmp_path: Path, name: str) -> None:
    """Some mutations of each of 18 kinds of file."""
    check(tmp_path / name, 20)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_thousands_of_damaged_pictures_are_read_or_refused(tmp_path: Path, name: str) -> None:
    """The same, 1,500 times."""
    check(tmp_path / name, MUTATIONS)
