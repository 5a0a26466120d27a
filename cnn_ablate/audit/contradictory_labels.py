"""Find images that appear under two labels, of which at least one is wrong."""

from collections import defaultdict
from collections.abc import Iterator

from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.used_images import UsedImages, distinct_findings
from cnn_ablate.schema import Finding
from cnn_ablate.text import count, some


def contradictory_labels(subject: Subject) -> Iterator[Finding]:
    """Find images that are equal, pixel for pixel, and have different labels."""
    return distinct_findings(subject.used_images, _contradictions)


def _contradictions(used: UsedImages) -> Iterator[Finding]:
    classes = used.images.facts.classes
    copies: defaultdict[bytes, dict[int, str]] = defaultdict(dict)
    digests = used.seen_digests + used.test_digests
    labels = used.seen_labels + used.test_labels
    names = used.seen_names + used.test_names
    for digest, label, name in zip(digests, labels, names, strict=True):
        copies[digest].setdefault(label, name)
    groups = [
        {name: classes[label] for label, name in by_label.items()}
        for by_label in copies.values()
        if len(by_label) > 1
    ]
    if groups:
        shown = some(
            " = ".join(f"{name} (class {label})" for name, label in group.items())
            for group in groups
        )
        verb = "appears" if len(groups) == 1 else "appear"
        yield Finding(
            kind="contradictory-labels",
            severity="warning",
            where=used.name,
            message=(
                f"{count(len(groups), 'image')} of {used.name} {verb} under more than one label, "
                f"so that some label is wrong: {shown}. Remove the wrong copies."
            ),
            data={"images": len(groups), "files": groups},
        )
