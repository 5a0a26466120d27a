"""Data sets: found in every layout, read as they are, refused with the file's name."""

import gzip

import numpy as np
import pytest
from pydantic import ValidationError

from cnn_ablate.data import DATASETS, class_names
from cnn_ablate.data.cache import load
from cnn_ablate.data.embedded import SAMPLE
from cnn_ablate.data.sample import make
from support import data_files
from support.data_files import refused

KNOWN = [name for name in DATASETS if not name.startswith("image_")]


@pytest.mark.parametrize("name", DATASETS)
def test_the_table_has_every_data_set_under_its_own_name(name):
    """A data set is called the same in the table, in its facts and in messages."""
    assert name == DATASETS[name].name


@pytest.mark.parametrize("name", KNOWN)
def test_shape_and_classes_are_known_without_data(name):
    """Networks can be built and counted without any image."""
    form = DATASETS[name]().spec()

    assert (100 if name == "cifar100" else 10) == len(set(form.classes))
    assert form.shape in {(1, 28, 28), (3, 32, 32)}
    assert DATASETS[name].sizes


def test_the_options_of_no_split_do_not_matter():
    """How images are held out only matters if some are."""
    options = DATASETS["mnist"]

    assert "val_split" not in options(val_split="tail").settings()
    assert "tail" == options(val_split="tail", val_fraction=0.2).settings()["val_split"]


@pytest.mark.parametrize(
    "knobs", [{"subset": 0}, {"test_subset": -1}, {"val_fraction": 1.0}, {"val_split": "head"}]
)
def test_impossible_knobs_are_refused(knobs):
    """No empty subset, no validation on everything, no unknown split."""
    with pytest.raises(ValidationError):
        DATASETS["mnist"](**knobs)


@pytest.mark.parametrize(
    ("name", "folder"),
    [("mnist", "MNIST"), ("fashion_mnist", "FashionMNIST"), ("kmnist", "KMNIST")],
)
def test_the_mnist_family_is_read_from_idx_files(root, name, folder):
    """Images get one channel; labels and order are those of the files."""
    data_files.mnist(root, folder)

    images = load(DATASETS[name](), root)

    assert (30, 20) == (images.facts.train, images.facts.test)
    assert np.array_equal(data_files.pixels(30, 28, 28), images.train[:, 0].numpy())
    assert data_files.labels(20).tolist() == images.test_labels.tolist()


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "kmnist"])
def test_the_mnist_family_is_read_packed(root, monkeypatch, name):
    """As it was downloaded; a file that is not the published one is refused."""
    raw = data_files.mnist(root, DATASETS[name].reader)
    packed = [data_files.pack(path) for path in sorted(raw.iterdir())]
    for path in packed:
        path.with_suffix("").unlink()
    known = [(path.name, data_files.md5(path)) for path in packed]
    monkeypatch.setattr(DATASETS[name]().torchvision, "resources", known)

    images = load(DATASETS[name](), root)
    packed[0].write_bytes(gzip.compress(data_files.idx(data_files.pixels(20, 28, 28) // 2)))

    assert np.array_equal(data_files.pixels(30, 28, 28), images.train[:, 0].numpy())
    message = refused(load, DATASETS[name](), root)
    assert "t10k-images-idx3-ubyte.gz is not the published file: its MD5 differs" in message


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_unpacked_files_are_checked_too(root, monkeypatch, name):
    """By checksum, and by the number of images."""
    data_files.mnist(root, DATASETS[name].reader)
    with monkeypatch.context() as patch:
        patch.setattr(DATASETS[name], "sizes", (60_000, 10_000))
        counted = refused(load, DATASETS[name](), root)
    monkeypatch.setattr(DATASETS[name], "checksums", ("0" * 32,) * 4)
    checked = refused(load, DATASETS[name](), root)

    assert "30 images, published are 60,000 and 10,000" in counted
    assert "train-images-idx3-ubyte is not the published file: its MD5 differs" in checked


def test_cifar10_is_read_from_its_batches(root, monkeypatch):
    """Images are channels first, as the batches hold them."""
    data_files.cifar10(root, monkeypatch)

    images = load(DATASETS["cifar10"](), root)

    assert (50, 10, "") == (images.facts.train, images.facts.test, images.facts.note)
    assert data_files.pixels(10, 3072)[7].tolist() == images.train[17].flatten().tolist()


def test_cifar100_has_its_fine_labels(root, monkeypatch):
    """The hundred classes are used, not the twenty groups."""
    data_files.cifar100(root, monkeypatch)

    images = load(DATASETS["cifar100"](), root)

    assert list(range(100)) == images.train_labels.tolist()


def test_svhn_calls_the_digit_0_class_0(root, monkeypatch):
    """The files' label 10 is the digit 0."""
    data_files.svhn(root, monkeypatch)

    images = load(DATASETS["svhn"](), root)

    assert [1, 2, 3, 4, 5, 6, 7, 8, 9, 0] == images.train_labels[:10].tolist()
    assert data_files.pixels(32, 32, 3, 20)[4, 5, 2, 6] == images.train[6, 2, 4, 5]


def test_cifar10_falls_back_to_pictures(root):
    """Image files by class are read if the batches are missing, and the facts say so."""
    data_files.folder(root / "cifar10", class_names.CIFAR10, suffix=".jpg")

    images = load(DATASETS["cifar10"](), root)

    assert (20, 10) == (images.facts.train, images.facts.test)
    assert class_names.CIFAR10 == images.facts.classes
    assert images.facts.note.startswith("JPEG copies")


def test_pictures_without_loss_need_no_note(root):
    """PNG copies are as good as the originals."""
    data_files.folder(root / "cifar10", class_names.CIFAR10)

    assert load(DATASETS["cifar10"](), root).facts.note == ""


def test_cifar10_pictures_of_other_classes_are_refused(root):
    """A folder that is called cifar10 and is something else is not trained on."""
    data_files.folder(root / "cifar10", ["cat", "dog"])

    message = refused(load, DATASETS["cifar10"](), root)

    assert f"{root}/cifar10: expected the classes airplane, automobile" in message


def test_missing_data_names_the_places_and_the_command(tmp_path, root, monkeypatch):
    """One sentence says what was searched, where, and how to get it."""
    monkeypatch.setenv("CNN_ABLATE_DATA", str(tmp_path / "other"))

    message = refused(load, DATASETS["cifar10"](), root)

    assert message == (
        "data set cifar10: not found: looked for cifar-10-batches-py/ or "
        f"cifar10/{{train,test}}/<class>/*.{{jpg,jpeg,png}} in {root}, {tmp_path}/other and "
        f"{tmp_path}/home/cnn-ablate. Get it with `cnn-ablate data fetch cifar10 --data {root}`."
    )


def test_data_roots_are_searched_in_order(tmp_path, root, monkeypatch):
    """The command line comes before the environment, and that before the home folder."""
    other = tmp_path / "other"
    monkeypatch.setenv("CNN_ABLATE_DATA", str(other))
    data_files.mnist(tmp_path / "home" / "cnn-ablate", train=10)
    found = [load(DATASETS["mnist"](), root).facts.train]
    for place, n in ((other, 20), (root, 30)):
        data_files.mnist(place, train=n)
        found.append(load(DATASETS["mnist"](), root).facts.train)

    assert [10, 20, 30] == found


def test_an_incomplete_data_set_names_the_missing_file(root):
    """An incomplete download is not mistaken for no data."""
    missing = data_files.mnist(root) / "t10k-labels-idx1-ubyte"
    missing.unlink()

    message = refused(load, DATASETS["mnist"](), root)

    assert f"{missing}: is missing, but others are there. Get it with `cnn-ablate" in message


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("train-images-idx3-ubyte", b"\0\0\x08\x03"),
        ("train-images-idx3-ubyte", data_files.idx(data_files.pixels(30, 14, 14))),
        ("train-labels-idx1-ubyte", data_files.idx(data_files.labels(29))),
        ("train-labels-idx1-ubyte", data_files.idx(data_files.labels(30, 11))),
    ],
)
def test_damaged_files_are_refused(root, file, content):
    """Files cut short, of other images, or whose labels do not fit them, are not trained on."""
    (data_files.mnist(root) / file).write_bytes(content)

    message = refused(load, DATASETS["mnist"](), root)

    assert f"data set mnist: the files in {root} are damaged: " in message


def test_cifar10_batches_that_were_changed_are_refused(root, monkeypatch):
    """A pickle is opened only if it is the published one."""
    data_files.cifar10(root, monkeypatch)
    (root / "cifar-10-batches-py" / "data_batch_3").write_bytes(b"changed")

    assert "data set cifar10: the files in" in refused(load, DATASETS["cifar10"](), root)


def test_what_is_fetched_is_found(tmp_path, root, monkeypatch):
    """A data set fetched into a data root is found there."""
    with data_files.mirror(tmp_path, monkeypatch):
        assert root == DATASETS["mnist"]().fetch(root)
    assert 30 == load(DATASETS["mnist"](), root).facts.train


def test_a_failed_download_says_why(tmp_path, root, monkeypatch):
    """An incomplete download is reported in one sentence."""
    with data_files.mirror(tmp_path, monkeypatch):
        (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(b"half of it")
        message = refused(DATASETS["mnist"]().fetch, root)

    assert message.startswith(f"data set mnist: could not be downloaded into {root}: http")
    assert "\n" not in message


def test_pictures_of_ones_own_cannot_be_fetched(root):
    """There is no URL to download them from."""
    message = refused(DATASETS["image_folder"]().fetch, root)

    assert "data set image_folder: cannot be downloaded. Put the pictures into" in message


def test_the_embedded_sample_is_balanced_and_small():
    """4,000 and 1,000 images, as many of each class, in less than 3 MB."""
    images = load(DATASETS["fashion_mnist_sample"]())

    assert [400] * 10 == images.train_labels.bincount().tolist()
    assert [100] * 10 == images.test_labels.bincount().tolist()
    assert (4000, 1, 28, 28) == images.train.shape
    assert 3_000_000 > SAMPLE.stat().st_size


def test_the_embedded_sample_comes_with_its_notice():
    """The licence of the images travels with them, and nothing needs fetching."""
    notice = SAMPLE.with_name("NOTICE").read_text(encoding="utf-8")

    assert "Copyright © 2017 Zalando SE" in notice
    assert "The MIT License" in notice
    assert SAMPLE.parent == DATASETS["fashion_mnist_sample"]().fetch()


def test_the_sample_is_made_of_the_first_of_each_class(tmp_path):
    """Making it again from the same files gives the same bytes."""
    raw = data_files.mnist(tmp_path, train=30)
    for path in list(raw.iterdir()):
        data_files.pack(path)
    written = []
    for name in ("one.npz", "two.npz"):
        make.make(raw, tmp_path / name, train=2, test=1)
        written.append((tmp_path / name).read_bytes())
    with np.load(tmp_path / "one.npz") as arrays:
        images, labels = arrays["train_images"], arrays["train_labels"]

    assert written[0] == written[1]
    assert np.array_equal(data_files.pixels(30, 28, 28)[:20], images[:, 0])
    assert data_files.labels(20).tolist() == labels.tolist()
