"""Find choices that training makes on the test images, on which accuracy is then reported."""

from collections import defaultdict
from collections.abc import Callable, Iterator

from cnn_ablate.audit.inert_reasons import why_unused
from cnn_ablate.audit.phrases import variants
from cnn_ablate.audit.schedule_trace import changes_anything
from cnn_ablate.audit.subject import Case, Subject
from cnn_ablate.schema import Finding


def selection_on_test(subject: Subject) -> Iterator[Finding]:
    """Find the variants whose training depends on the test images."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for name, case in subject.cases.items():
        for choice, is_made in _CHOICES.items():
            if is_made(case):
                names[choice].append(name)
    for choice, affected in names.items():
        yield Finding(
            kind="test-selection",
            severity="warning",
            where=affected[0],
            message=(
                f"In {variants(affected)}, {choice}: the reported test accuracy is too high. Use "
                "validation images (data.val_fraction) for such choices."
            ),
            data={"choice": choice, "variants": affected},
        )


def _selects_epoch(case: Case) -> bool:
    training = case.settings["training"]
    return bool(training["select"] == "best_test" and training["epochs"] > 1)


def _stops_early(case: Case) -> bool:
    return bool(
        _has_no_validation(case)
        and case.settings["training"]["patience"]
        and not why_unused(case, "training.patience")
    )


def _reduces_rate(case: Case) -> bool:
    by_loss = case.settings["schedule"]["name"] == "plateau"
    return _has_no_validation(case) and by_loss and changes_anything(case)


def _has_no_validation(case: Case) -> bool:
    has_folder = case.images is not None and case.images.facts.val > 0
    return not (case.settings["data"]["val_fraction"] or has_folder)


_CHOICES: dict[str, Callable[[Case], bool]] = {
    "the reported epoch is the one that is best on the test images": _selects_epoch,
    "early stopping monitors the loss on the test images": _stops_early,
    "the learning rate is reduced by the loss on the test images": _reduces_rate,
}
