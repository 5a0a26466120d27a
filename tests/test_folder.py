"""Image folders: any size, mode and name is read, and unexpected files are refused by name."""

import os
import struct
import sys
import unicodedata

import numpy as np
import pytest
from PIL import Image

from cnn_ablate.data import DATASETS
from cnn_ablate.data.cache import load
from support import data_files
from support.data_files import refused


def test_pictures_are_ordered_by_rank_then_class(root):
    """The first of every class come first, so that the tail holds every class."""
    data_files.folder(root / "images", ["b", "a", "c"], train=2)

    images = load(DATASETS["image_folder"](), root)

    assert ("a", "b", "c") == images.facts.classes
    assert [0, 1, 2, 0, 1, 2] == images.train_labels.tolist()


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


def test_class_names_may_be_in_any_script(root):
    """Names are compared in NFC, however a file system encodes them."""
    names = ["猫", unicodedata.normalize("NFD", "éléphant"), "Übung 1"]
    data_files.folder(root / "images", names)

    images = load(DATASETS["image_folder"](), root)

    assert ("Übung 1", "éléphant", "猫") == images.facts.classes


def test_an_absolute_path_needs_no_data_root(tmp_path):
    """The pictures may be anywhere; files of file managers are ignored."""
    place = data_files.folder(tmp_path / "mine", ["a", "b"])
    (place / "train" / ".DS_Store").write_bytes(b"x")
    (place / "train" / "a" / ".hidden").write_bytes(b"x")
    (place / "train" / "a" / "Thumbs.db").write_bytes(b"x")
    (place / "test" / "desktop.ini").write_bytes(b"x")

    assert 4 == load(DATASETS["image_folder"](path=str(place))).facts.train


def test_broken_pictures_are_named(root):
    """A truncated picture is refused with its path."""
    data_files.folder(root / "images", ["a"], train=3, suffix=".jpg")
    broken = root / "images" / "train" / "a" / "0001.jpg"
    broken.write_bytes(broken.read_bytes()[:300])

    message = refused(load, DATASETS["image_folder"](), root)

    assert message.startswith(f"{broken}: cannot be read as a picture: ")
    assert message.endswith(" Replace or remove it.")


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


@pytest.mark.parametrize(
    "twins", [("café", unicodedata.normalize("NFD", "café")), ("Cat", "cat"), ("straße", "STRASSE")]
)
def test_classes_that_differ_only_in_spelling_are_refused(root, twins):
    """Both names are in the message, also if they look the same."""
    data_files.folder(root / "images", [*twins, "dog"])

    message = refused(load, DATASETS["image_folder"](), root)

    assert "train: has class folders that differ only in case or Unicode form: " in message
    assert all(ascii(name) in message for name in twins)


def test_all_odd_files_are_named_at_once(root):
    """Four files that are no pictures in two classes."""
    place = data_files.folder(root / "images", ["a", "b"])
    odd = ("a/notes.txt", "a/labels.csv", "b/x.heic", "b/y.avif")
    for name in odd:
        (place / "train" / name).write_bytes(b"x")

    message = refused(load, DATASETS["image_folder"](), root)

    assert "train: has 4 entries that are not pictures: " in message
    assert all(name in message for name in odd)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_pipes_are_not_opened(root):
    """A pipe would block a reader for good."""
    place = data_files.folder(root / "images", ["a"])
    os.mkfifo(place / "train" / "a" / "pipe.png")

    assert 2 == load(DATASETS["image_folder"](), root).facts.train


def test_a_tilde_is_the_home_folder(root, monkeypatch):
    """In data.path, as in a shell."""
    data_files.folder(root / "mine", ["a"])
    monkeypatch.setenv("HOME", str(root))

    assert 2 == load(DATASETS["image_folder"](path="~/mine")).facts.train


def test_odd_files_among_pictures_are_named(root):
    """A file that is no picture may be a broken one: it is not ignored."""
    data_files.folder(root / "images", ["a"])
    odd = root / "images" / "train" / "a" / "notes.txt"
    odd.write_text("x")

    assert f"{odd}: is not a picture." in refused(load, DATASETS["image_folder"](), root)


def test_files_among_class_folders_are_named(root):
    """An entry at the level of classes must be a folder."""
    data_files.folder(root / "images", ["a"])
    odd = root / "images" / "test" / "notes.txt"
    odd.write_text("x")

    message = refused(load, DATASETS["image_folder"](), root)

    expected = "is not a folder of pictures. Move it into the folder of its class, or remove it."
    assert f"{odd}: {expected}" == message


def test_a_class_must_be_in_both_parts(root):
    """A class that is trained and never tested, or the reverse, is refused."""
    data_files.folder(root / "images", ["a", "b"])
    data_files.picture(root / "images" / "train" / "c" / "x.png")

    message = refused(load, DATASETS["image_folder"](), root)

    assert f"{root}/images/test: class 'c' is missing." == message


@pytest.mark.parametrize(
    ("empty", "complaint"),
    [
        ("train/b", "images/train/b: contains no pictures."),
        ("", "images/train: contains no class folders."),
    ],
)
def test_empty_folders_are_named(root, empty, complaint):
    """A class without pictures, and a part without classes, are refused."""
    if empty:
        data_files.folder(root / "images", ["a"])
        (root / "images" / empty).mkdir()
    else:
        (root / "images" / "train").mkdir(parents=True)
        (root / "images" / "test").mkdir()

    assert f"{root}/{complaint}" == refused(load, DATASETS["image_folder"](), root)


def test_pictures_may_lie_where_the_program_is_started(root, monkeypatch):
    """A folder relative to the current one is found, without any data root."""
    data_files.folder(root / "mine", ["a", "b"])
    monkeypatch.chdir(root)

    assert 4 == load(DATASETS["image_folder"](path="mine")).facts.train


def test_missing_pictures_name_the_place_to_put_them(tmp_path, monkeypatch):
    """Your own pictures cannot be downloaded, only put in place."""
    monkeypatch.chdir(tmp_path)

    message = refused(load, DATASETS["image_folder"](path="mine"))

    home = f"{tmp_path}/home/cnn-ablate"
    assert message == (
        "data set image_folder: not found: looked for mine/<class>/<picture> or "
        f"mine/{{train,test}}/<class>/<picture> in {home} and {tmp_path}. "
        f"Put the pictures into {tmp_path}/mine, or set data.path."
    )


def test_links_that_lead_nowhere_are_named(root):
    """A file that cannot be read is reported with its path."""
    data_files.folder(root / "images", ["a"])
    link = root / "images" / "train" / "a" / "gone.png"
    link.symlink_to(root / "nowhere.png")

    message = refused(load, DATASETS["image_folder"](), root)

    assert f"{link}: cannot be read: No such file or directory." == message


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_text_are_named(root):
    """A class whose name no report could print is refused."""
    data_files.folder(root / "images", ["a", os.fsdecode(b"caf\xe9")])

    message = refused(load, DATASETS["image_folder"](), root)

    place = f"{root}/images/train/caf\\udce9/0000.png"
    assert f"'{place}': is not a name in UTF-8. Rename it." == message


def test_a_cache_that_vanishes_is_named(root, monkeypatch):
    """If what is written cannot be read back, there are few attempts."""
    data_files.folder(root / "images", ["a", "b"])
    monkeypatch.setattr("cnn_ablate.data.cache._build", lambda *_: None)

    said = refused(load, DATASETS["image_folder"](), root)

    assert said.endswith(": the tensor cache cannot be read back. Remove it.")
