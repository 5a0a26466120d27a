"""Find test sets so small that a few images decide."""

import math
from collections.abc import Iterator

from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.used_images import UsedImages, distinct_findings
from cnn_ablate.schema import Finding
from cnn_ablate.text import plain_number

_FEW = 200
# The accuracy for which the interval is stated.
_ACCURACY = 0.9


def too_few_test_images(subject: Subject) -> Iterator[Finding]:
    """Find test sets of which one image is more than half a point of accuracy."""
    return distinct_findings(subject.used_images, _few)


def _few(used: UsedImages) -> Iterator[Finding]:
    images = len(used.selected.test)
    if images < _FEW:
        point = 100 / images
        half = 196 * math.sqrt(_ACCURACY * (1 - _ACCURACY) / images)
        yield Finding(
            kind="few-test-images",
            severity="warning",
            where=used.name,
            message=(
                f"{images} test images of {used.name}: one image is {plain_number(point)} points, "
                f"and an accuracy of {_ACCURACY:.0%} is known to about {half:.1f} points. Smaller "
                "effects need more test images, whatever the number of seeds."
            ).replace("%", " %"),
            data={"images": images, "points": point, "half_width": half},
        )
