"""Find classes of very different sizes in studies that measure plain accuracy."""

from collections import Counter
from collections.abc import Iterator

from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.used_images import UsedImages, distinct_findings
from cnn_ablate.schema import Finding
from cnn_ablate.text import percent

# How many times as many images the most frequent class has.
_UNEVEN = 2.0
_CLASS_WISE = {"balanced_accuracy", "macro_f1", "auroc"}


def class_imbalance(subject: Subject) -> Iterator[Finding]:
    """Find test sets whose accuracy is mostly that of the frequent classes.

    There are none if the study has a metric in which all classes count the same.
    """
    metrics = {metric.name for metric in (subject.study.metric, *subject.study.also)}
    if metrics & _CLASS_WISE:
        return iter(())
    return distinct_findings(subject.used_images, _imbalance)


def _imbalance(used: UsedImages) -> Iterator[Finding]:
    classes = used.images.facts.classes
    counts = dict.fromkeys(classes, 0) | Counter(classes[i] for i in used.test_labels)
    largest, smallest = (choose(counts, key=lambda name: counts[name]) for choose in (max, min))
    more = counts[largest] - counts[smallest]
    # A balanced subset may have one image more of some classes.
    if more > 1 and counts[largest] >= _UNEVEN * counts[smallest]:
        total = len(used.test_labels)
        yield Finding(
            kind="class-imbalance",
            severity="warning",
            where=used.name,
            message=(
                f"{counts[largest]:,} of {total:,} test images of {used.name} are of class "
                f"{largest}, {counts[smallest]:,} of {smallest}: a network that always answers "
                f"{largest} has an accuracy of {percent(counts[largest] / total)}. Write "
                "`metric: balanced_accuracy`, or `also: [balanced_accuracy]`."
            ),
            data={"counts": counts},
        )
