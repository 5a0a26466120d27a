"""Find test images that are also training or validation images."""

from collections.abc import Iterator

from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.used_images import UsedImages, distinct_findings
from cnn_ablate.schema import Finding
from cnn_ablate.text import percent, some


def train_test_overlap(subject: Subject) -> Iterator[Finding]:
    """Find test images that are also training or validation images, pixel for pixel."""
    return distinct_findings(subject.used_images, _overlap)


def _overlap(used: UsedImages) -> Iterator[Finding]:
    seen = dict(zip(used.seen_digests, used.seen_names, strict=True))
    pairs = [
        (name, seen[digest])
        for digest, name in zip(used.test_digests, used.test_names, strict=True)
        if digest in seen
    ]
    if pairs:
        shared, test = len(pairs), len(used.test_digests)
        yield Finding(
            kind="train-test-overlap",
            severity="error",
            where=used.name,
            message=(
                f"{shared:,} of {test:,} test images of {used.name} ({percent(shared / test)}) are "
                "training images too, pixel for pixel: accuracy on them says nothing about unseen "
                "images. Remove them from one of the two: "
                f"{some(f'{name} is {twin}' for name, twin in pairs)}."
            ),
            data={"shared": shared, "test": test, "pairs": pairs},
        )
