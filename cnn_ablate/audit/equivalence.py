"""Which trainings are one and the same: proven by tests that can only ever tell them apart.

All start in one group, which each test splits, the cheap ones first; what is still together at the
end computes the same numbers, bit for bit.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable

from cnn_ablate.audit.probe import answers, augmented, digest, learned, steps
from cnn_ablate.audit.schedule_trace import course, moves
from cnn_ablate.audit.subject import Case
from cnn_ablate.data.split import split
from cnn_ablate.schema import canonical
from cnn_ablate.settings import options_of

# Augmentations that happen less often than this might not be met in the noise that is tried.
_LEAST_P = 0.02
# Settings of the data that choose images, and that change how they come.
_CHOICE = ("subset", "test_subset", "val_fraction", "val_split")
_LOOKS = ("augment", "normalize", "shuffle")


def alike(cases: Iterable[Case]) -> list[list[Case]]:
    """Give the groups of two and more cases that nothing tells apart."""
    groups = [list({case.text: case for case in cases}.values())]
    for test in TESTS:
        groups = [part for group in groups for part in _split(group, test)]
    return groups


def _split(group: list[Case], test: Callable[[Case], str]) -> list[list[Case]]:
    parts = defaultdict(list)
    for case in group if len(group) > 1 else ():
        parts[test(case)].append(case)
    return [part for part in parts.values() if len(part) > 1]


def _regime(case: Case) -> str:
    """Write down how long is trained, how precisely, and which weights are reported.

    What a CPU computes alike in two precisions may differ on a GPU.
    """
    training = dict(case.settings["training"])
    for key in ("init", "log_every"):
        training.pop(key)
    if training["epochs"] == 1:
        training["select"] = "last"
    # The first epoch has nothing to be worse than, and after the last there is nothing to stop.
    if training["patience"] >= training["epochs"] - 1:
        training["patience"] = 0
    return canonical(training)


def _images(case: Case) -> str:
    """Write down which images are used; as settings where they are not here."""
    data = {k: v for k, v in case.settings["data"].items() if k not in _LOOKS}
    if case.images is None:
        return canonical(data)
    chosen = split(case.images, options_of("data", case.settings["data"]))
    others = {k: v for k, v in data.items() if k not in _CHOICE}
    return canonical([others, chosen.train.tolist(), chosen.val.tolist(), chosen.test.tolist()])


def _rates(case: Case) -> str:
    """Write down the course of the learning rate; with its settings, where the loss decides."""
    schedule = case.settings["schedule"]
    by_loss = schedule["name"] == "plateau" and moves(case)
    return canonical([course(case), schedule if by_loss else {}])


def _pipeline(case: Case) -> str:
    """Digest what augmentation makes of noise; what hardly ever happens is taken as different."""
    augment = case.settings["data"]["augment"]
    if any(0 < step.get("p", 1) < _LEAST_P for step in augment):
        return case.text
    return augmented(case)


def _untrained(case: Case) -> str:
    """Digest what the network says before training."""
    return digest([answers(case).logits])


def _trained(case: Case) -> str:
    """Digest a few steps of training; numbers that overflow prove nothing."""
    return learned(case).digest or case.text


def _trained_on(case: Case) -> str:
    """Digest as many steps as the network calls for."""
    return learned(case, count=steps(case)).digest or case.text


# The cheap ones first.
TESTS: tuple[Callable[[Case], str], ...] = (
    _regime,
    _images,
    _rates,
    _pipeline,
    _untrained,
    _trained,
    _trained_on,
)
