"""Image folders without train/ and test/, and how they are divided."""

import pytest

from cnn_ablate.data import DATASETS
from cnn_ablate.data.cache import load
from support import data_files
from support.data_files import refused


def undivided(root, classes, count=10):
    """Pictures as `<class>/<number>`; gives the options that read them."""
    for label, name in enumerate(classes):
        for number in range(count):
            data_files.picture(root / "images" / name / f"{number}.png", seed=100 * label + number)
    return DATASETS["image_folder"]


def test_pictures_are_divided_class_by_class(root):
    """Without train/ and test/, the same fraction of each class is for testing."""
    options = undivided(root, ["a", "b"])

    fifth, half = load(options(), root), load(options(test_fraction=0.5), root)

    assert [[8, 8], [2, 2]] == [
        fifth.train_labels.bincount().tolist(),
        fifth.test_labels.bincount().tolist(),
    ]
    assert [[5, 5], [5, 5]] == [
        half.train_labels.bincount().tolist(),
        half.test_labels.bincount().tolist(),
    ]
    assert fifth.facts.fingerprint != half.facts.fingerprint


def test_each_picture_is_on_one_side(root):
    """Between them, training and test pictures are all there are, each once."""
    images = load(undivided(root, ["a", "b"])(test_fraction=0.4), root)

    seen = [image.numpy().tobytes() for part in (images.train, images.test) for image in part]
    assert 20 == len(seen) == len(set(seen))


def test_the_same_files_divided_otherwise_are_decoded_anew(root):
    """One class, whose files are read in the same order whatever the division."""
    options = undivided(root, ["a"])
    counts = {f: load(options(test_fraction=f), root).facts.test for f in (0.1, 0.2, 0.3, 0.9)}

    assert {0.1: 1, 0.2: 2, 0.3: 3, 0.9: 9} == counts


def test_a_division_survives_more_pictures(root):
    """Adding a picture moves few others."""
    options = undivided(root, ["a"], count=20)
    before = set(options().find(root).files[16:])
    data_files.picture(root / "images" / "a" / "new.png", seed=7)

    assert 3 <= len(before & set(options().find(root).files[17:]))


def test_two_pictures_are_one_for_each_side(root):
    """Both sides have at least one, whatever the fraction."""
    options = undivided(root, ["a"], count=2)

    facts = [load(options(test_fraction=f), root).facts for f in (0.01, 0.99)]

    assert [(1, 1), (1, 1)] == [(one.train, one.test) for one in facts]


def test_a_class_may_be_called_train(root):
    """A folder train/ with pictures in it is a class; files of file managers are ignored."""
    options = undivided(root, ["car", "train"])
    for leftover in (".ipynb_checkpoints", "__MACOSX"):
        (root / "images" / "train" / leftover).mkdir()

    assert ("car", "train") == load(options(), root).facts.classes


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        (
            ["a/x.png"],
            "images/a/x.png: is the only picture of class 'a'; two are needed, to train and to "
            "test on.",
        ),
        (
            ["train/a/x.png"],
            "images: has train/ but no test/. Add it, with the same classes; or have the classes "
            "alone, without train/.",
        ),
        (
            ["training/a/x.png", "testing/a/x.png"],
            "images/testing/a: is a folder among pictures. Expected <class>/<picture> or "
            "{train,test}/<class>/<picture>.",
        ),
        (
            ["x.png"],
            "images/x.png: is not a folder of pictures. Move it into the folder of its class, or "
            "remove it.",
        ),
    ],
)
def test_what_cannot_be_divided_is_named(root, files, complaint):
    """The hint shows the expected layout."""
    for file in files:
        data_files.picture(root / "images" / file)

    assert f"{root}/{complaint}" == refused(load, DATASETS["image_folder"](), root)
