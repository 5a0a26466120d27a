"""Audit of data that looks sound: copies, contradictory labels, uneven classes, too few images."""

import io
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cnn_ablate.audit.near_duplicates import similar_pairs
from cnn_ablate.audit.used_images import ChosenImages
from cnn_ablate.data import DATASETS, Images, load
from cnn_ablate.data.published_datasets import Cifar10
from cnn_ablate.schema import DataFacts, Finding, canonical
from cnn_ablate.train import random_images
from support import data_files
from support.audit import LENET, changed, findings_of, subject

KINDS = "contradictory-labels near-duplicates train-test-overlap class-imbalance few-test-images"
FOLDER = changed(
    LENET,
    ("{name: fashion_mnist_sample, subset: 200, test_subset: 100}", "{name: image_folder}"),
)
ENOUGH = changed(LENET, ("subset: 200, test_subset: 100", "subset: 2400, test_subset: 200"))


def photo(place: Path, number: int, **save: int) -> Path:
    """Write a picture of a few soft shapes, unlike that of any other number."""
    place.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(number).integers(0, 256, (6, 6, 3), np.uint8)
    Image.fromarray(coarse).resize((96, 96), Image.Resampling.BICUBIC).save(place, **save)
    return place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of 24 pictures of two classes, divided into train/ and test/."""
    for i, (half, label) in enumerate((h, c) for h in ("train", "test") for c in ("cat", "dog")):
        for n in range(6):
            photo(tmp_path / "images" / half / label / f"{n}.png", 100 * i + n)
    return tmp_path


def found_in(folder: Path, kinds: str = KINDS) -> dict[str, Finding]:
    """Return the findings of some kinds about the pictures of a folder, by kind."""
    return {finding.kind: finding for finding in findings_of(kinds, subject(folder, FOLDER))}


def test_pictures_that_differ_have_only_the_note_that_they_are_few(folder: Path) -> None:
    """One image of twelve is 8.33 points."""
    found = found_in(folder)

    assert ["few-test-images"] == list(found)
    assert found["few-test-images"].message == (
        "12 test images of images: one image is 8.33 points, and an accuracy of 90 % is "
        "known to about 17.0 points. Smaller effects need more test images, whatever the number "
        "of seeds."
    )


def test_a_picture_under_two_labels_is_named_with_its_files(folder: Path) -> None:
    """Whether both are for training, or one is for testing."""
    images = folder / "images"
    photo(images / "train" / "dog" / "twin.png", 3)
    photo(images / "test" / "cat" / "again.png", 102)

    found = found_in(folder)

    assert "warning" == found["contradictory-labels"].severity
    assert found["contradictory-labels"].message == (
        "2 images of images appear under more than one label, so that some label is wrong: "
        "train/dog/2.png (class dog) = test/cat/again.png (class cat) and train/cat/3.png "
        "(class cat) = train/dog/twin.png (class dog). Remove the wrong copies."
    )
    assert "again.png is train/dog/2.png" in found["train-test-overlap"].message


@pytest.mark.parametrize("quality", [95, 85, 75])
def test_a_picture_that_was_compressed_anew_is_suspected(folder: Path, quality: int) -> None:
    """A JPEG of a training picture among the test pictures, and no other pair."""
    photo(folder / "images" / "test" / "cat" / "copy.jpg", 4, quality=quality)

    finding = found_in(folder)["near-duplicates"]

    assert "note" == finding.severity
    assert [("test/cat/copy.jpg", "train/cat/4.png")] == finding.data["pairs"]
    assert "test/cat/copy.jpg looks like train/cat/4.png" in finding.message


def test_blank_pictures_are_not_called_copies(folder: Path) -> None:
    """All pictures of one colour look alike."""
    for half, colour in (("train", 10), ("test", 11)):
        Image.new("RGB", (32, 32), (colour,) * 3).save(folder / "images" / half / "cat" / "b.png")

    assert "near-duplicates" not in found_in(folder)


def test_most_copies_are_found_and_nothing_else(tmp_path: Path) -> None:
    """Of 300 images of clothing compressed at quality 75, most are paired, and rightly."""
    images = load(DATASETS["fashion_mnist_sample"](), tmp_path)
    copies = torch.stack([compressed(image, 75) for image in images.train[:300]])

    tests, trains = similar_pairs(whole(copies), whole(images.train))

    assert len(tests) > 250
    assert tests.tolist() == trains.tolist()


def whole(pixels: torch.Tensor) -> ChosenImages:
    """Return all of some images."""
    return ChosenImages(pixels, torch.arange(len(pixels)))


def compressed(image: torch.Tensor, quality: int) -> torch.Tensor:
    """Return a grey image after compression as JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(image[0].numpy()).save(buffer, "JPEG", quality=quality)
    return torch.from_numpy(np.asarray(Image.open(buffer)).copy())[None]


@pytest.mark.slow
def test_sixty_thousand_images_take_seconds() -> None:
    """Also if all have one hash, as images of one template have."""
    facts = DataFacts(name="", fingerprint="", classes=("a",), shape=Cifar10.shape, train=0, test=0)
    noise = random_images(facts, 60_000).train
    began = time.process_time()

    assert 0 == len(similar_pairs(whole(noise[:10_000]), whole(noise[10_000:]))[0])
    alike = (noise // 64 + noise[:1] // 2).contiguous()
    similar_pairs(whole(alike[:2_000]), whole(alike[2_000:]))

    assert time.process_time() - began < 60


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ((95, 5), "95 of 100 test images of made are of class cat, 5 of dog: a network that"),
        ((20, 0), "20 of 20 test images of made are of class cat, 0 of dog: a network that"),
        ((60, 40), ""),
        ((2, 1), ""),
    ],
)
def test_uneven_classes_are_found(tmp_path: Path, counts: Sequence[int], message: str) -> None:
    """From twice as many images on, unless a balanced subset has just one more."""
    facts = DataFacts(
        name="made", fingerprint="", classes=("cat", "dog"), shape=(1, 28, 28), train=4, test=100
    )
    drawn = random_images(facts, sum(counts))
    labels = torch.tensor([label for label, n in enumerate(counts) for _ in range(n)])
    made = Images(drawn.train, labels, drawn.train, labels, facts)
    text = changed(LENET, (", subset: 200, test_subset: 100", ""))
    [variant] = subject(tmp_path, text).plan.variants
    images = {canonical(variant.settings["data"]): made}

    found = findings_of("class-imbalance", subject(tmp_path, text, images=images))
    fair = subject(tmp_path, f"{text}also: [balanced_accuracy]\n", images=images)

    assert [] == findings_of("class-imbalance", fair)
    assert [message] * bool(message) == [f.message[: len(message)] for f in found]


def test_few_steps_are_found_with_their_number(tmp_path: Path) -> None:
    """With the images, or by the published number of images without them."""
    factors = "factors: {training.batch_size: [32, 200]}\n"
    [finding] = findings_of("few-steps", subject(tmp_path, LENET + factors))

    assert {"baseline": 21, "batch_size=200": 3} == finding.data["steps"]
    assert finding.message.startswith(
        "3 to 21 optimizer steps in all in 2 variants (baseline and batch_size=200): networks "
    )
    [absent] = findings_of("few-steps", subject(tmp_path, LENET, images={}))
    assert {"baseline": 21} == absent.data["steps"]


def test_enough_images_and_steps_are_no_finding(tmp_path: Path) -> None:
    """225 steps and 200 balanced test images."""
    assert [] == findings_of(f"{KINDS} few-steps", subject(tmp_path, ENOUGH))


def test_names_of_files_come_from_the_cache_too(folder: Path) -> None:
    """The second time nothing is decoded, and the files are known all the same."""
    data_files.folder(folder / "other", ["a", "b"], train=2)
    options = DATASETS["image_folder"](path="other")

    first, second = load(options, folder), load(options, folder)

    expected = ("train/a/0000.png", "train/b/0000.png", "train/a/0001.png", "train/b/0001.png")
    assert expected == first.train_names == second.train_names
