"""Find trainings that are bit for bit the same, by tests that can only tell them apart.

All start in one group, which each test splits, the cheap ones first. What is still together at the
end computes the same numbers.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable

from cnn_ablate.audit.probe import (
    augmented_noise,
    digest,
    steps_to_try,
    train_on_noise,
    untrained_outputs,
)
from cnn_ablate.audit.schedule_trace import changes_anything, trace
from cnn_ablate.audit.subject import Case
from cnn_ablate.data.split import split
from cnn_ablate.errors import UserError
from cnn_ablate.schema import canonical, split_varies
from cnn_ablate.settings import options_of

# A rarer augmentation might not occur in the noise that is tried.
_LEAST_P = 0.02
# Settings of the data that select images, and those that change how they are presented.
_SELECTION = ("subset", "test_subset", "val_fraction", "val_split")
_PRESENTATION = ("augment", "normalize", "shuffle", "sampling")


def equivalent_groups(cases: Iterable[Case]) -> list[list[Case]]:
    """Return the groups of at least two cases that no test tells apart."""
    groups = [list({case.key: case for case in cases}.values())]
    for test in TESTS:
        groups = [part for group in groups for part in _split(group, test)]
    return groups


def _split(group: list[Case], test: Callable[[Case], str]) -> list[list[Case]]:
    parts = defaultdict(list)
    for case in group if len(group) > 1 else ():
        try:
            result = test(case)
        except UserError:  # a network that fails is equal to no other
            result = case.key
        parts[result].append(case)
    return [part for part in parts.values() if len(part) > 1]


def _training_settings(case: Case) -> str:
    """Return the training section without what has no effect, and for how long layers are frozen.

    The precision stays: what a CPU computes alike in two precisions may differ on a GPU.
    """
    training = dict(case.settings["training"])
    for key in ("init", "log_every"):
        training.pop(key)
    # The networks are tried in the first epoch alone.
    frozen = case.settings["model"].get("freeze", "none")
    training["frozen"] = {"none": 0, "backbone": training["epochs"]}.get(frozen, frozen)
    if training["epochs"] == 1:
        training["select"] = "last"
    # The first epoch cannot be worse than one before it, and the last leaves nothing to stop.
    if training["patience"] >= training["epochs"] - 1:
        training["patience"] = 0
    return canonical(training)


def _images_used(case: Case) -> str:
    """Return which images are used; the settings that select them if no seed alone tells them."""
    data = {k: v for k, v in case.settings["data"].items() if k not in _PRESENTATION}
    if case.images is None or split_varies(data):
        return canonical(data)
    selected = split(case.images, options_of("data", case.settings["data"]))
    others = {k: v for k, v in data.items() if k not in _SELECTION}
    return canonical([others, *(s.tolist() for s in (selected.train, selected.val, selected.test))])


def _learning_rates(case: Case) -> str:
    """Return the trace of the learning rate; with the schedule, if it depends on the loss."""
    schedule = case.settings["schedule"]
    by_loss = schedule["name"] == "plateau" and changes_anything(case)
    return canonical([trace(case), schedule if by_loss else {}])


def _augmentation(case: Case) -> str:
    """Return a digest of augmented noise; a rare augmentation makes a case different."""
    augment = case.settings["data"]["augment"]
    if any(0 < step.get("p", 1) < _LEAST_P for step in augment):
        return case.key
    return augmented_noise(case)


def _untrained_network(case: Case) -> str:
    return digest([untrained_outputs(case).logits])


def _short_training(case: Case) -> str:
    # A digest is empty if numbers overflowed, and then proves nothing.
    return train_on_noise(case).digest or case.key


def _long_training(case: Case) -> str:
    return train_on_noise(case, count=steps_to_try(case)).digest or case.key


# From cheap to expensive.
TESTS: tuple[Callable[[Case], str], ...] = (
    _training_settings,
    _images_used,
    _learning_rates,
    _augmentation,
    _untrained_network,
    _short_training,
    _long_training,
)
