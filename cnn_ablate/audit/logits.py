"""Networks whose answers are no logits: a ReLU, a softmax or the like stands before the loss."""

from collections import defaultdict
from collections.abc import Iterator

from torch import Tensor

from cnn_ablate.audit.probe import UntrainedOutputs, answers
from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.words import variants
from cnn_ablate.schema import Finding

_NEVER_NEGATIVE = "non-negative-logits"
_SQUASHED = "saturated-output"
# The last operation of a network, as torch calls it, and what it is in words. A log-softmax is not
# among them: the loss takes one anyway, and a second one changes nothing.
_LAST = {
    "Relu": (_NEVER_NEGATIVE, "A ReLU"),
    "Softplus": (_NEVER_NEGATIVE, "A softplus"),
    "Abs": (_NEVER_NEGATIVE, "An absolute value"),
    "Exp": (_NEVER_NEGATIVE, "An exponential"),
    "Softmax": (_SQUASHED, "A softmax"),
    "Sigmoid": (_SQUASHED, "A sigmoid"),
    "Tanh": (_SQUASHED, "A tanh"),
    "Hardtanh": (_SQUASHED, "A clipping"),
}
_WHY = {
    _NEVER_NEGATIVE: (
        "no answer can be negative, so a class may lose every gradient and die. Take it away: "
        "cross-entropy wants plain logits"
    ),
    _SQUASHED: (
        "the answers stay in a narrow range, so cross-entropy can never be small and learning is "
        "slow. Take it away: cross-entropy has its own softmax"
    ),
}


def no_logits(subject: Subject) -> Iterator[Finding]:
    """Find the variants whose answers are bent before the loss sees them."""
    names: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for name, case in subject.cases.items():
        if bend := _bend(answers(case)):
            names[bend].append(name)
    for (kind, what), found in names.items():
        yield Finding(
            kind=kind,
            severity="warning",
            where=found[0],
            message=(
                f"{what} stands between the network and the loss of {variants(found)}: "
                f"{_WHY[kind]}."
            ),
            data={"operation": what, "variants": found},
        )


def _bend(said: UntrainedOutputs) -> tuple[str, str] | None:
    """Name what the network ends with, by its last operation or by what its answers look like."""
    if said.last in _LAST:
        return _LAST[said.last]
    if _are_shares(said.logits):
        return _SQUASHED, "A softmax"
    if _are_cut_off(said.logits):
        return _NEVER_NEGATIVE, "A ReLU"
    return None


def _are_shares(logits: Tensor) -> bool:
    sums = logits.sum(1)
    return bool((logits >= 0).all() and ((sums - 1).abs() < 1e-2).all())


def _are_cut_off(logits: Tensor) -> bool:
    return bool((logits >= 0).all() and (logits == 0).any() and (logits > 0).any())
