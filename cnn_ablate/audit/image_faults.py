"""Find training images from which nothing can be learnt, and test images that are among them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256

import torch
from torch import Tensor

from cnn_ablate.audit.subject import Subject
from cnn_ablate.data import Images
from cnn_ablate.data.split import Split, split
from cnn_ablate.schema import Finding
from cnn_ablate.settings import options_of
from cnn_ablate.text import count, percent, some

# The fraction of useless images from which on they are reported.
_MANY = 0.01


@dataclass(frozen=True)
class UsedImages:
    """A data set, and the images of it that some variants use."""

    images: Images
    selected: Split

    @property
    def name(self) -> str:
        """The name of the data set."""
        return self.images.facts.name


def train_test_overlap(subject: Subject) -> Iterator[Finding]:
    """Find test images that are also training or validation images, pixel for pixel."""
    return _distinct(_overlap, subject)


def unlearnable_images(subject: Subject) -> Iterator[Finding]:
    """Find classes without training images, blank images, and copies of one image."""
    for check in (_missing_classes, _blank_or_repeated):
        yield from _distinct(check, subject)


def _distinct(
    check: Callable[[UsedImages], Iterator[Finding]], subject: Subject
) -> Iterator[Finding]:
    """Apply a check to each selection of images; yield equal findings once."""
    findings: list[Finding] = []
    for used in _selections(subject):
        findings += (finding for finding in check(used) if finding not in findings)
    return iter(findings)


def _selections(subject: Subject) -> list[UsedImages]:
    """Return each distinct selection of images that the variants use."""
    selections: dict[tuple[object, ...], UsedImages] = {}
    for case in subject.cases.values():
        if case.images is not None:
            selected = split(case.images, options_of("data", case.settings["data"]))
            indices = map(_digest, (selected.train, selected.val, selected.test))
            key = (case.images.facts.fingerprint, *indices)
            selections[key] = UsedImages(case.images, selected)
    return list(selections.values())


def _overlap(used: UsedImages) -> Iterator[Finding]:
    known = torch.cat([used.selected.train, used.selected.val])
    digests = set(map(_digest, used.images.train[known]))
    test = used.images.test[used.selected.test]
    shared = sum(_digest(image) in digests for image in test)
    if shared:
        yield Finding(
            kind="train-test-overlap",
            severity="error",
            where=used.name,
            message=(
                f"{shared:,} of {len(test):,} test images of {used.name} "
                f"({percent(shared / len(test))}) are training images too, pixel for pixel: "
                "accuracy on them says nothing about unseen images. Remove them from one of the "
                "two."
            ),
            data={"shared": shared, "test": len(test)},
        )


def _missing_classes(used: UsedImages) -> Iterator[Finding]:
    names = used.images.facts.classes
    trained, tested = (
        set(labels.tolist())
        for labels in (
            used.images.train_labels[used.selected.train],
            used.images.test_labels[used.selected.test],
        )
    )
    if missing := [names[label] for label in sorted(tested - trained)]:
        only = f": all are of class {names[next(iter(trained))]}" if len(trained) == 1 else ""
        yield _unlearnable(
            used,
            f"No training image shows {some(missing)}, which test images show{only}",
            {"missing": missing},
            grave=len(trained) == 1,
        )


def _blank_or_repeated(used: UsedImages) -> Iterator[Finding]:
    images = used.images.train[used.selected.train].flatten(1)
    blank = int((images.amax(1) == images.amin(1)).sum())
    distinct = len(set(map(_digest, images)))
    total = count(len(images), "training image")
    if blank > _MANY * len(images):
        yield _unlearnable(
            used,
            f"{blank:,} of {total} are blank: all their pixels have one value",
            {"blank": blank, "images": len(images)},
            grave=blank == len(images),
        )
    elif distinct < (1 - _MANY) * len(images):
        yield _unlearnable(
            used,
            f"Only {distinct:,} of {total} are distinct",
            {"distinct": distinct, "images": len(images)},
            grave=distinct == 1,
        )


def _unlearnable(used: UsedImages, what: str, data: dict[str, object], *, grave: bool) -> Finding:
    return Finding(
        kind="unlearnable-images",
        severity="error" if grave else "warning",
        where=used.name,
        message=f"{what}. Check how {used.name} was made, and which images are selected.",
        data=data,
    )


def _digest(image: Tensor) -> bytes:
    return sha256(image.contiguous().numpy().data).digest()
