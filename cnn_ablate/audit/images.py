"""Images from which nothing can be learnt, or that a test shares with training."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256

import torch
from torch import Tensor

from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.words import count, percent, some
from cnn_ablate.data import Images
from cnn_ablate.data.split import Split, split
from cnn_ablate.schema import Finding
from cnn_ablate.settings import options_of

# So many useless images are worth a word.
_MANY = 0.01


@dataclass(frozen=True)
class Used:
    """A data set, and which of its images a study uses."""

    images: Images
    chosen: Split

    @property
    def name(self) -> str:
        """The data set's name."""
        return self.images.facts.name


def spoilt_images(subject: Subject) -> Iterator[Finding]:
    """Look at the images of each way in which the study uses a data set; say nothing twice."""
    found: dict[tuple[object, ...], Used] = {}
    for case in subject.cases.values():
        if case.images is not None:
            chosen = split(case.images, options_of("data", case.settings["data"]))
            parts = map(_digest, (chosen.train, chosen.val, chosen.test))
            found[case.images.facts.fingerprint, *parts] = Used(case.images, chosen)
    told: list[Finding] = []
    for used in found.values():
        for finding in (finding for look in _LOOKS for finding in look(used)):
            if finding not in told:
                told.append(finding)
                yield finding


def _overlap(used: Used) -> Iterator[Finding]:
    """Find test images that are training or validation images too, pixel for pixel."""
    learnt = torch.cat([used.chosen.train, used.chosen.val])
    known = set(map(_digest, used.images.train[learnt]))
    test = used.images.test[used.chosen.test]
    shared = sum(_digest(image) in known for image in test)
    if shared:
        yield Finding(
            kind="train-test-overlap",
            severity="error",
            where=used.name,
            message=(
                f"{shared:,} of {len(test):,} test images of {used.name} "
                f"({percent(shared, len(test))}) are among the training images too, pixel for "
                "pixel: their accuracy says nothing of unseen images. Take them out of one side."
            ),
            data={"shared": shared, "test": len(test)},
        )


def _classes(used: Used) -> Iterator[Finding]:
    """Find classes that are tested, but never shown in training."""
    names = used.images.facts.classes
    shown, tested = (
        set(labels.tolist())
        for labels in (
            used.images.train_labels[used.chosen.train],
            used.images.test_labels[used.chosen.test],
        )
    )
    if missing := [names[label] for label in sorted(tested - shown)]:
        alone = f": all are of class {names[next(iter(shown))]}" if len(shown) == 1 else ""
        yield _unlearnable(
            used,
            f"No training image shows {some(missing)}, which the test asks for{alone}",
            {"missing": missing},
            grave=len(shown) == 1,
        )


def _blank(used: Used) -> Iterator[Finding]:
    """Find images of one colour only, and copies of one image."""
    images = used.images.train[used.chosen.train].flatten(1)
    blank = int((images.amax(1) == images.amin(1)).sum())
    distinct = len(set(map(_digest, images)))
    if blank > _MANY * len(images):
        yield _unlearnable(
            used,
            f"{blank:,} of {count(len(images), 'training image')} have one level only: they show "
            "nothing",
            {"blank": blank, "images": len(images)},
            grave=blank == len(images),
        )
    elif distinct < (1 - _MANY) * len(images):
        yield _unlearnable(
            used,
            f"Only {distinct:,} of {count(len(images), 'training image')} are distinct",
            {"distinct": distinct, "images": len(images)},
            grave=distinct == 1,
        )


_LOOKS: tuple[Callable[[Used], Iterator[Finding]], ...] = (_overlap, _classes, _blank)


def _unlearnable(used: Used, what: str, data: dict[str, object], *, grave: bool) -> Finding:
    return Finding(
        kind="unlearnable-images",
        severity="error" if grave else "warning",
        where=used.name,
        message=f"{what}. Check how {used.name} was made and chosen from.",
        data=data,
    )


def _digest(image: Tensor) -> bytes:
    return sha256(image.contiguous().numpy().data).digest()
