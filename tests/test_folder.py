"""Image folders: any size, mode and name is read, and unexpected files are refused by name."""

import os
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


@pytest.mark.parametrize("limit", [10, 800])
def test_decompression_bombs_are_refused(root, monkeypatch, limit):
    """A picture beyond Pillow's limit, or beyond half of it, is not unpacked."""
    data_files.folder(root / "images", ["a"])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)

    assert "0000.png: cannot be read" in refused(load, DATASETS["image_folder"](), root)


def test_pictures_of_sixteen_bits_are_refused(root):
    """Depths that eight bits cannot hold are not cut off silently."""
    data_files.folder(root / "images", ["a"])
    deep = Image.fromarray(np.full((32, 32), 40000, np.uint16))
    deep.save(root / "images" / "train" / "a" / "0000.png")

    message = refused(load, DATASETS["image_folder"](), root)

    assert "mode I;16 has more than 8 bits per channel" in message


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
