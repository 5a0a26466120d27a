"""Image folders: any name is read, and unexpected files are refused by name."""

import os
import sys
import unicodedata

import pytest

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
    """Four files that are no pictures in two classes, and one beside the classes of each half."""
    place = data_files.folder(root / "images", ["a", "b"])
    inside = ("a/notes.txt", "a/labels.csv", "b/x.heic", "b/y.avif")
    odd = (*(f"train/{name}" for name in inside), "train/readme.md", "test/readme.md")
    for name in odd:
        (place / name).write_bytes(b"x")

    message = refused(load, DATASETS["image_folder"](), root)

    assert "has 6 entries that are not pictures in a class folder: " in message
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
    message = refused(load, DATASETS["image_folder"](path="~nobody-here/mine"))
    assert "~nobody-here/mine: names a home folder that is not known." in message


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
    (odd.parent / "labels.csv").write_text("x")
    assert (
        f"{odd.parent.parent}: has 2 entries that are not pictures in a class folder: "
        "test/labels.csv and test/notes.txt. Move or remove them. Known: .jpg, "
    ) in refused(load, DATASETS["image_folder"](), root)


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
