"""Find training images from which nothing can be learnt."""

from collections.abc import Iterator

from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.used_images import UsedImages, distinct_findings
from cnn_ablate.schema import Finding
from cnn_ablate.text import count, some

# The fraction of useless images from which on they are reported.
_MANY = 0.01


def unlearnable_images(subject: Subject) -> Iterator[Finding]:
    """Find classes without training images, blank images, and copies of one image."""
    return distinct_findings(subject.used_images, _missing_classes, _blank_or_repeated)


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
    images = used.training_images
    blank = int(images.blank.sum())
    distinct = len(set(used.train_digests))
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
