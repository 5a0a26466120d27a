"""The tensor cache: decoded once, shared, and rebuilt if it is incomplete."""

import os
import shutil
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
import torch

from cnn_ablate.data import DATASETS, cache, content
from cnn_ablate.data.cache import has_changed, load
from cnn_ablate.data.dataset_options import DataSpec
from cnn_ablate.data.image_tensors import fingerprint, matches_fingerprint
from cnn_ablate.errors import UserError
from cnn_ablate.temporary_folder import temporary_folder
from support import data_files

CLASSES = ["a", "b"]
FINGERPRINT = "3fd2aa583d1ea7d9e80c252bbf47dadf10355d5c15c1468c66f721a9ca369555"


@pytest.fixture(autouse=True)
def tensors(tmp_path, monkeypatch):
    """The folder of the cache, empty in each test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CNN_ABLATE_CACHE", str(tmp_path / "tensors"))
    monkeypatch.delenv("CNN_ABLATE_DATA", raising=False)
    return tmp_path / "tensors"


@pytest.fixture
def options(tmp_path):
    """Six pictures."""
    return DATASETS["image_folder"](path=str(data_files.folder(tmp_path / "images", CLASSES)))


class Seen(list):
    """The calls of a progress callback."""

    def __call__(self, done, total):
        """Note it."""
        self.append((done, total))


def decoded(options):
    """Whether loading decodes anything."""
    seen = Seen()
    load(options, progress=seen)
    return bool(seen)


def test_images_are_decoded_once(options):
    """The second time nothing is decoded, and the images are the same."""
    first = load(options)
    second = load(options)

    assert not decoded(options)
    assert first.facts == second.facts
    assert torch.equal(first.train, second.train)
    assert torch.equal(first.test_labels, second.test_labels)


@pytest.mark.usefixtures("tiny_data")
def test_progress_is_reported_up_to_the_end(tmp_path, monkeypatch):
    """Progress counts training and test images together."""
    monkeypatch.setattr("cnn_ablate.data.torchvision_files.CHUNK", 20)
    data_files.mnist(tmp_path, train=30, test=20)
    seen = Seen()
    load(DATASETS["mnist"](), tmp_path, seen)

    assert [(20, 50), (30, 50), (50, 50)] == seen


def test_a_changed_picture_is_decoded_again(options, tmp_path):
    """A file of another size or time makes the cache stale, and the fingerprint another."""
    before = load(options).facts.fingerprint
    data_files.picture(tmp_path / "images" / "train" / "a" / "0000.png", seed=99)

    assert before != load(options).facts.fingerprint


def test_swapped_names_are_seen_whatever_the_times(tmp_path):
    """Two pictures of one size and time that exchange their names are other data."""
    place = data_files.folder(tmp_path / "bitmaps", CLASSES, train=1, suffix=".bmp")
    options = DATASETS["image_folder"](path=str(place))
    files = [place / "train" / name / "0000.bmp" for name in CLASSES]
    for file in files:
        os.utime(file, (1.6e9, 1.6e9))
    time.sleep(0.01)
    before = load(options).facts.fingerprint
    assert not has_changed(options, None, before)
    files[0].rename(tmp_path / "other")
    files[1].rename(files[0])
    (tmp_path / "other").rename(files[1])

    assert has_changed(options, None, before)
    assert before != load(options).facts.fingerprint


def test_the_same_contents_elsewhere_are_not_decoded_again(options, tmp_path):
    """The cache knows contents: a copy with other times uses it."""
    load(options)
    shutil.copytree(options.path, tmp_path / "copy")

    assert not decoded(options.model_copy(update={"path": str(tmp_path / "copy")}))


def test_contents_are_read_again_only_after_a_change(options, monkeypatch):
    """What has been unchanged for some seconds is known by its state."""
    monkeypatch.setattr(content, "_SETTLED_SECONDS", -1)
    load(options)
    monkeypatch.setattr(content, "_read", None)

    assert not decoded(options)


def test_an_added_picture_is_decoded(options, tmp_path):
    """New files are seen."""
    load(options)
    data_files.picture(tmp_path / "images" / "train" / "a" / "9999.png")

    assert 5 == load(options).facts.train


def test_options_that_change_pixels_have_their_own_cache(options):
    """Another size or grey is another cache; a subset is not."""
    load(options)

    assert decoded(options.model_copy(update={"image_size": 16}))
    assert decoded(options.model_copy(update={"grey": True}))
    assert not decoded(options.model_copy(update={"subset": 2, "val_fraction": 0.5}))


def test_the_fingerprint_is_of_the_contents_alone(options, tmp_path):
    """The same pictures elsewhere have the same fingerprint; other class names another."""
    same = data_files.folder(tmp_path / "moved", CLASSES)
    other = data_files.folder(tmp_path / "renamed", ["a", "c"])
    expected = load(options).facts.fingerprint

    assert expected == load(options.model_copy(update={"path": str(same)})).facts.fingerprint
    assert expected != load(options.model_copy(update={"path": str(other)})).facts.fingerprint


def test_the_fingerprint_stays_the_same_for_good():
    """It names trials that were trained long ago, so it must never change by itself."""
    arrays = {
        "train_images": np.arange(8, dtype=np.uint8).reshape(2, 1, 2, 2),
        "train_labels": np.array([0, 1]),
        "test_images": np.arange(4, dtype=np.uint8).reshape(1, 1, 2, 2),
        "test_labels": np.array([1]),
    }

    assert FINGERPRINT == fingerprint(DataSpec((1, 2, 2), ("a", "b")), arrays)


def test_the_sample_needs_no_cache(tensors):
    """The embedded images leave nothing behind, and are the same every time."""
    sample = DATASETS["fashion_mnist_sample"]()

    assert load(sample).facts == load(sample).facts
    assert not tensors.exists()


def test_images_are_mapped_and_writing_to_them_changes_no_file(options):
    """Workers share one copy, and none can spoil it for the others."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images = load(options)
    images.train.zero_()

    assert 0 < load(options).train.max()


@pytest.mark.parametrize("file", ["train_images.npy", "test_labels.npy", "meta.json"])
@pytest.mark.parametrize("harm", ["cut", "empty", "gone", "nonsense"])
def test_a_broken_cache_is_built_again(options, tensors, file, harm):
    """Whatever happened to a file of the cache, the images are complete again."""
    expected = load(options).facts
    (broken,) = tensors.glob(f"*/{file}")
    content = broken.read_bytes()
    broken.unlink()
    if harm != "gone":
        broken.write_bytes({"cut": content[:-1], "empty": b"", "nonsense": b"{}"}[harm])
    images = load(options)

    assert expected == images.facts
    assert matches_fingerprint(images)
    assert not decoded(options)


def test_a_cache_of_other_sizes_is_built_again(options, tensors):
    """Arrays that do not match the stored facts are not used."""
    load(options)
    (place,) = tensors.iterdir()
    np.save(place / "train_labels.npy", np.zeros(3, np.int64))

    assert decoded(options)


def test_changed_contents_are_decoded_again(options, tensors):
    """Every byte is read when a cache is opened: a changed pixel is never used."""
    expected = load(options).facts
    (file,) = tensors.glob("*/train_images.npy")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)

    images = load(options)

    assert expected == images.facts
    assert matches_fingerprint(images)


def test_a_failed_build_leaves_nothing_behind(options, tensors, tmp_path):
    """A broken picture ends the build, and no half of a cache stays."""
    (tmp_path / "images" / "test" / "b" / "0000.png").write_bytes(b"broken")

    with pytest.raises(UserError):
        load(options)
    assert [] == list(tensors.iterdir())


def test_another_process_may_be_faster(options, tensors):
    """A cache that appears while the same one is built is kept, and nothing else stays."""
    times = []

    def race(done, total):
        load(options)
        times.append((tensors / cache._cache_name(options.find())).stat().st_ino)

    images = load(options, progress=race)

    assert matches_fingerprint(images)
    assert [times[0]] == [place.stat().st_ino for place in tensors.iterdir()]


@pytest.mark.slow
def test_two_processes_may_build_at_once(options, tensors, tmp_path):
    """Both get the whole data set, and one cache is left."""
    script = (
        "import sys, time, pathlib\n"
        "from cnn_ablate.data import DATASETS\n"
        "from cnn_ablate.data.cache import load\n"
        "ready, start = map(pathlib.Path, sys.argv[2:])\n"
        "ready.touch()\n"
        "while not start.exists(): time.sleep(0.001)\n"
        "images = load(DATASETS['image_folder'](path=sys.argv[1]))\n"
        "print(images.facts.fingerprint, int(images.train.sum()))\n"
    )
    ready, start = tmp_path / "ready", tmp_path / "start"
    command = [sys.executable, "-c", script, options.path, str(ready), str(start)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        while not ready.exists():
            assert other.poll() is None
            time.sleep(0.01)
        start.touch()
        mine = load(options)
        told, _ = other.communicate(timeout=60)

    assert f"{mine.facts.fingerprint} {mine.train.sum()}\n" == told
    assert 1 == len(list(tensors.glob("image_folder-*")))


def test_what_a_killed_build_left_is_removed(options, tensors):
    """A build of a dead process is removed by the next one; one in progress stays."""
    dead = tensors / "cnn-ablate-dead"
    tensors.mkdir()
    with temporary_folder(tensors) as alive:
        dead.mkdir()
        (dead / "in-use.lock").touch()
        load(options)
        assert [alive.parent] == list(tensors.glob("cnn-ablate-*"))


def test_a_cache_that_cannot_be_written_is_an_error(options, tmp_path, monkeypatch):
    """The hint names another folder."""
    blocked = tmp_path / "file"
    blocked.write_text("x")
    monkeypatch.setenv("CNN_ABLATE_CACHE", str(blocked))

    with pytest.raises(UserError) as caught:
        load(options)
    assert str(caught.value) == (
        f"{blocked}: the tensor cache cannot be written: File exists. "
        "Set CNN_ABLATE_CACHE to a folder with free space."
    )


def test_without_a_choice_the_cache_is_in_the_users_cache_folder(options, tmp_path, monkeypatch):
    """It is beside the other caches of the user."""
    monkeypatch.delenv("CNN_ABLATE_CACHE")
    load(options)

    assert 1 == len(list((tmp_path / "home" / "cnn-ablate" / "tensors").iterdir()))
