"""Audit of images: those that training and test share, and those that teach nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from cnn_ablate.data import Images
from cnn_ablate.data.split import balanced_subset
from cnn_ablate.schema import DataFacts, Finding, canonical
from cnn_ablate.train import random_images
from support.audit import LENET, findings_of, subject

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def facts() -> DataFacts:
    """Return the facts of a made-up data set of ten classes."""
    return DataFacts(
        name="made", fingerprint="", classes=NAMES, shape=(1, 28, 28), train=300, test=60
    )


@pytest.fixture
def made() -> Images:
    """300 training and 60 test images of noise, all different."""
    images = random_images(facts(), 360)
    return Images(
        images.train[:300],
        images.train_labels[:300],
        images.train[300:],
        images.train_labels[300:],
        facts(),
    )


def findings_about(folder: Path, images: Images, text: str = LENET) -> list[Finding]:
    """Return the findings about a data set that replaces the one named by the study."""
    sections = [variant.settings["data"] for variant in subject(folder, text).plan.variants]
    shown = {canonical(section): images for section in sections}
    return findings_of("train-test-overlap unlearnable-images", subject(folder, text, images=shown))


def test_valid_images_are_no_finding(tmp_path: Path, made: Images) -> None:
    """The images are distinct, of all classes, and none is in both parts."""
    assert [] == findings_about(tmp_path, made)


def test_the_embedded_sample_has_no_findings(tmp_path: Path) -> None:
    """Training and test images of the embedded sample are disjoint."""
    assert [] == findings_of("train-test-overlap unlearnable-images", subject(tmp_path, LENET))


def test_images_in_both_parts_are_counted(tmp_path: Path, made: Images) -> None:
    """Two test images that are training images, whatever their labels, are an error."""
    test = made.test.clone()
    test[[3, 40]] = made.train[[100, 7]]
    text = LENET.replace("subset: 200, test_subset: 100", "val_fraction: 0.1")

    [finding] = findings_about(tmp_path, replace(made, test=test), text)

    assert ("train-test-overlap", "error", "made") == (
        finding.kind,
        finding.severity,
        finding.where,
    )
    assert finding.message == (
        "2 of 60 test images of made (3.3 %) are training images too, pixel for pixel: accuracy on "
        "them says nothing about unseen images. Remove them from one of the two: test image 3 is "
        "training image 100 and test image 40 is training image 7."
    )


def test_only_images_that_are_used_count(tmp_path: Path, made: Images) -> None:
    """A shared image counts only if the subset contains it."""
    used = balanced_subset(made.train_labels, 200, purpose="subset").tolist()
    left_out = next(place for place in range(300) if place not in used)
    findings = {}
    for place in (used[0], left_out):
        test = torch.cat([made.train[[place]], made.test[1:]])
        findings[place] = findings_about(tmp_path, replace(made, test=test))

    assert ["train-test-overlap"] == [finding.kind for finding in findings[used[0]]]
    assert [] == findings[left_out]


def test_each_split_of_the_images_is_checked(tmp_path: Path, made: Images) -> None:
    """If the last images are for validation, whole classes may be missing in training."""
    images = replace(made, train_labels=made.train_labels.sort().values)
    images.test[0] = images.train[0]
    text = LENET.replace("subset: 200, test_subset: 100", "val_fraction: 0.2, val_split: tail")
    text += "factors:\n  data.val_fraction: [0.2, 0.0]\n"

    findings = findings_about(tmp_path, images, text)

    assert ["train-test-overlap", "unlearnable-images"] == [finding.kind for finding in findings]


def test_training_images_of_one_class_are_an_error(tmp_path: Path, made: Images) -> None:
    """With a single class there is nothing to learn."""
    [finding] = findings_about(tmp_path, replace(made, train_labels=torch.full((300,), 4)))

    assert ("unlearnable-images", "error") == (finding.kind, finding.severity)
    assert finding.message.startswith(
        "No training image shows zero, one, two and 6 more, which test images show: all are of "
        "class four."
    )


def test_a_class_that_is_never_shown_is_a_warning(tmp_path: Path, made: Images) -> None:
    """A tested class without training images is named."""
    [finding] = findings_about(tmp_path, replace(made, train_labels=made.train_labels.clamp(max=8)))

    assert ("warning", ["nine"]) == (finding.severity, finding.data["missing"])


@pytest.mark.parametrize(("blank", "severity"), [(300, "error"), (30, "warning")])
def test_blank_images_are_counted(tmp_path: Path, made: Images, blank: int, severity: str) -> None:
    """Images whose pixels all have one value are counted."""
    train = made.train.clone()
    train[:blank] = 0
    text = LENET.replace("subset: 200, ", "")

    [finding] = findings_about(tmp_path, replace(made, train=train), text)

    assert (severity, blank) == (finding.severity, finding.data["blank"])


def test_copies_are_counted(tmp_path: Path, made: Images) -> None:
    """Copies of a few images are not a large data set."""
    train = made.train[torch.arange(300) % 50]
    text = LENET.replace("subset: 200, ", "")

    [finding] = findings_about(tmp_path, replace(made, train=train), text)

    assert "Only 50 of 300 training images are distinct." in finding.message


def test_without_images_there_are_no_findings_about_them(tmp_path: Path) -> None:
    """A study may be audited before its data is available."""
    assert [] == findings_of(
        "train-test-overlap unlearnable-images", subject(tmp_path, LENET, images={})
    )
