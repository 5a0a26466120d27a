"""Image files: any size, mode and orientation is read, and those that are broken are named."""

import struct

import numpy as np
import pytest
from PIL import Image

from cnn_ablate.data import DATASETS
from cnn_ablate.data.cache import load
from support import data_files
from support.data_files import refused


def test_pictures_keep_their_pixels(root):
    """A picture of the right size and mode is taken as it is."""
    data_files.folder(root / "images", ["a"], train=1)
    expected = np.asarray(Image.open(root / "images" / "train" / "a" / "0000.png"))

    images = load(DATASETS["image_folder"](), root)

    assert np.array_equal(expected.transpose(2, 0, 1), images.train[0].numpy())


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize(
    ("suffix", "mode"),
    [(".png", m) for m in ("1", "L", "LA", "P", "RGB", "RGBA")]
    + [(".jpg", m) for m in ("L", "RGB", "CMYK")]
    + [
        (".jfif", "L"),
        (".gif", "P"),
        (".webp", "RGBA"),
        (".TIFF", "RGBA"),
        (".bmp", "RGB"),
        (".ppm", "RGB"),
    ],
)
def test_any_mode_and_format_is_read(root, suffix, mode, grey):
    """Grey, palette, alpha and print colours become the channels that are asked for."""
    for part in ("train", "test"):
        data_files.picture(root / "images" / part / "a" / f"x{suffix}", mode=mode)

    images = load(DATASETS["image_folder"](grey=grey), root)

    assert (1, 1 if grey else 3, 32, 32) == images.train.shape


def test_pictures_of_any_size_are_fitted(root):
    """Wide, tall and tiny pictures become squares of the asked-for size."""
    for number, size in enumerate([(64, 32), (20, 90), (1, 50), (16, 16)]):
        for part in ("train", "test"):
            data_files.picture(root / "images" / part / "a" / f"{number}.png", size=size)

    images = load(DATASETS["image_folder"](image_size=16), root)

    assert (4, 3, 16, 16) == images.train.shape


def test_fitting_cuts_the_middle_out(root):
    """A wide picture is cropped at both ends, and not squeezed."""
    wide = Image.new("RGB", (48, 16), "black")
    wide.paste("white", (16, 0, 32, 16))
    for part in ("train", "test"):
        (root / "images" / part / "a").mkdir(parents=True)
        wide.save(root / "images" / part / "a" / "x.png")

    images = load(DATASETS["image_folder"](image_size=16), root)

    assert (images.train == 255).all()


def test_what_is_transparent_is_white(root):
    """The hidden colours of transparent pixels are not seen."""
    for part in ("train", "test"):
        (root / "images" / part / "a").mkdir(parents=True)
        Image.new("RGBA", (32, 32), (200, 0, 0, 0)).save(root / "images" / part / "a" / "x.png")

    assert (load(DATASETS["image_folder"](), root).train == 255).all()


def test_pictures_are_turned_upright(root):
    """The EXIF orientation is applied."""
    upright = Image.new("RGB", (16, 16), "black")
    upright.paste("white", (0, 0, 16, 8))
    held = Image.Exif()
    held[0x0112] = 3
    for part in ("train", "test"):
        (root / "images" / part / "a").mkdir(parents=True)
        upright.save(root / "images" / part / "a" / "x.png", exif=held)

    images = load(DATASETS["image_folder"](image_size=16), root)

    assert [0, 255] == [images.train[0, :, :8].max(), images.train[0, :, 8:].min()]


def test_broken_pictures_are_named(root):
    """A truncated picture is refused with its path."""
    data_files.folder(root / "images", ["a"], train=3, suffix=".jpg")
    broken = root / "images" / "train" / "a" / "0001.jpg"
    broken.write_bytes(broken.read_bytes()[:300])

    message = refused(load, DATASETS["image_folder"](), root)

    assert message.startswith(f"{broken}: cannot be read as a picture: ")
    assert message.endswith(" Replace or remove it, or set data.broken to skip.")


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_files_that_only_look_like_pictures_are_named(root, content):
    """Empty files, text and truncated files are refused."""
    data_files.folder(root / "images", ["a"])
    broken = root / "images" / "train" / "a" / "0000.png"
    broken.write_bytes(content)

    assert f"{broken}: cannot be read" in refused(load, DATASETS["image_folder"](), root)


@pytest.mark.parametrize("limit", [0.0001, 0.001])
def test_large_pictures_are_refused_unless_a_study_allows_them(root, limit):
    """The message has their size, and the key that raises the limit."""
    data_files.folder(root / "images", ["a"], test=0)
    data_files.picture(root / "images" / "test" / "a" / "0000.png")

    message = refused(load, DATASETS["image_folder"](max_megapixels=limit), root)

    assert "32 x 32 are 0.0 megapixels, more than data.max_megapixels" in message
    assert load(DATASETS["image_folder"](max_megapixels=0.01), root)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".pgm"])
def test_grey_pictures_of_sixteen_bits_keep_their_brightness(root, suffix):
    """Values from 0 to 65,535 become those from 0 to 255."""
    for part in ("train", "test"):
        (root / "images" / part / "a").mkdir(parents=True)
        deep = Image.fromarray(np.full((32, 32), 40000, np.uint16))
        deep.save(root / "images" / part / "a" / f"x{suffix}")

    images = load(DATASETS["image_folder"](grey=True), root)

    assert {round(40000 / 257)} == set(images.train.unique().tolist())


def test_fractions_are_refused(root):
    """What has no range of values cannot be turned into 8 bits."""
    data_files.folder(root / "images", ["a"])
    deep = Image.fromarray(np.full((32, 32), 0.5, np.float32))
    deep.save(root / "images" / "train" / "a" / "0001.tif")

    message = refused(load, DATASETS["image_folder"](), root)

    assert "mode F has more than 16 bits per channel" in message


@pytest.mark.parametrize(
    ("tag", "kind", "value"),
    [(0x11A, 2, b"72dpi\0"), (0x128, 2, b"dpi\0"), (0x8769, 2, b"x\0"), (0x8825, 12, b"\0")],
)
def test_of_metadata_only_the_orientation_is_read(root, tag, kind, value):
    """A picture with orientation 6 and a malformed tag is read, and turned."""
    entries = struct.pack("<HHIHH", 0x112, 3, 1, 6, 0)
    entries += struct.pack("<HHI", tag, kind, len(value))
    entries += value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", 38)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + entries + struct.pack("<I", 0) + value
    left = Image.new("L", (32, 32), 0)
    left.paste(255, (0, 0, 16, 32))
    for part in ("train", "test"):
        (root / "images" / part / "a").mkdir(parents=True)
        left.save(root / "images" / part / "a" / "x.jpg", exif=exif)

    images = load(DATASETS["image_folder"](grey=True), root)

    assert images.train[0, 0, :14].min() > 200
    assert images.train[0, 0, 18:].max() < 50


def test_whatever_a_decoder_raises_is_a_sentence(root, monkeypatch):
    """An exception of any kind names the file."""
    data_files.folder(root / "images", ["a"])
    error = AttributeError("no such thing")
    monkeypatch.setattr(Image.Image, "convert", lambda *_: (_ for _ in ()).throw(error))

    message = refused(load, DATASETS["image_folder"](), root)

    assert "3 of 3 pictures cannot be read: " in message
    assert "The first cannot be read as a picture: no such thing" in message


def test_all_broken_pictures_are_listed_or_left_out(root):
    """With their number; `data.broken: skip` goes on without them, and the facts say so."""
    place = data_files.folder(root / "images", ["a", "b"], train=4)
    for name in ("train/a/0001.png", "train/b/0003.png", "test/a/0000.png"):
        (place / name).write_bytes(b"<!doctype html>404")

    message = refused(load, DATASETS["image_folder"](), root)
    images = load(DATASETS["image_folder"](broken="skip"), root)

    assert "3 of 10 pictures cannot be read: " in message
    assert all(name in message for name in ("0001.png", "0003.png", "test/a/0000.png"))
    assert (6, 1) == (len(images.train), len(images.test))
    assert [3, 3] == images.train_labels.bincount().tolist()
    assert images.facts.note == (
        "3 of 10 pictures cannot be read and were left out: train/a/0001.png, train/b/0003.png and "
        "test/a/0000.png."
    )
    assert "train/a/0001.png" not in images.train_names
