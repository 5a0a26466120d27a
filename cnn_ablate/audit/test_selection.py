"""Choices made on the images that the accuracy is then reported on."""

from collections import defaultdict
from collections.abc import Callable, Iterator

from cnn_ablate.audit.explain import why_idle
from cnn_ablate.audit.schedule_trace import moves
from cnn_ablate.audit.subject import Case, Subject
from cnn_ablate.audit.words import variants
from cnn_ablate.schema import Finding


def test_selections(subject: Subject) -> Iterator[Finding]:
    """Find the variants that look at the test images before the end."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for name, case in subject.cases.items():
        for what, does in _LOOKS.items():
            if does(case):
                names[what].append(name)
    for what, found in names.items():
        yield Finding(
            kind="test-selection",
            severity="warning",
            where=found[0],
            message=(
                f"In {variants(found)}, {what}: the accuracy reported on them is flattered. Split "
                "off validation images (data.val_fraction) for such choices."
            ),
            data={"choice": what, "variants": found},
        )


def _selects(case: Case) -> bool:
    training = case.settings["training"]
    return bool(training["select"] == "best_test" and training["epochs"] > 1)


def _stops(case: Case) -> bool:
    return bool(
        _has_no_others(case)
        and case.settings["training"]["patience"]
        and not why_idle(case, "training.patience")
    )


def _adapts(case: Case) -> bool:
    return _has_no_others(case) and case.settings["schedule"]["name"] == "plateau" and moves(case)


def _has_no_others(case: Case) -> bool:
    return not case.settings["data"]["val_fraction"]


_LOOKS: dict[str, Callable[[Case], bool]] = {
    "the reported epoch is the one that is best on the test images": _selects,
    "training stops by the loss on the test images": _stops,
    "the learning rate falls by the loss on the test images": _adapts,
}
