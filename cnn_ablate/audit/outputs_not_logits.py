"""Find networks whose outputs are not logits: they end in a ReLU, a softmax or the like."""

from collections import defaultdict
from collections.abc import Iterator

from torch import Tensor

from cnn_ablate.audit.phrases import variants
from cnn_ablate.audit.probe import UntrainedOutputs, untrained_outputs
from cnn_ablate.audit.subject import Subject
from cnn_ablate.schema import Finding

_NON_NEGATIVE = "non-negative-logits"
_SATURATED = "saturated-output"
# The last operation of a network, as autograd names it. A log-softmax is no finding: the loss
# applies one anyway, and a second one changes nothing.
_LAST_OPERATIONS = {
    "Relu": (_NON_NEGATIVE, "A ReLU"),
    "Softplus": (_NON_NEGATIVE, "A softplus"),
    "Abs": (_NON_NEGATIVE, "An absolute value"),
    "Exp": (_NON_NEGATIVE, "An exponential"),
    "Softmax": (_SATURATED, "A softmax"),
    "Sigmoid": (_SATURATED, "A sigmoid"),
    "Tanh": (_SATURATED, "A tanh"),
    "Hardtanh": (_SATURATED, "A clipping"),
}
_WHY = {
    _NON_NEGATIVE: (
        "no logit can be negative, so a class may lose its gradient for good. Remove it: "
        "cross-entropy expects plain logits"
    ),
    _SATURATED: (
        "the outputs stay in a narrow range, so cross-entropy cannot become small and learning is "
        "slow. Remove it: cross-entropy applies a softmax itself"
    ),
}


def non_negative_logits(subject: Subject) -> Iterator[Finding]:
    """Find the variants whose outputs cannot be negative."""
    return _findings(subject, _NON_NEGATIVE)


def saturated_outputs(subject: Subject) -> Iterator[Finding]:
    """Find the variants whose outputs are squashed into a narrow range."""
    return _findings(subject, _SATURATED)


def _findings(subject: Subject, kind: str) -> Iterator[Finding]:
    names: defaultdict[str, list[str]] = defaultdict(list)
    for name, case in subject.cases.items():
        last = _last_operation(untrained_outputs(case))
        if last and last[0] == kind:
            names[last[1]].append(name)
    for operation, affected in names.items():
        yield Finding(
            kind=kind,
            severity="warning",
            where=affected[0],
            message=(
                f"{operation} comes between the last layer and the loss of {variants(affected)}: "
                f"{_WHY[kind]}."
            ),
            data={"operation": operation, "variants": affected},
        )


def _last_operation(outputs: UntrainedOutputs) -> tuple[str, str] | None:
    """Return kind and name of what a network ends with: by its last operation, or by its values."""
    if outputs.last in _LAST_OPERATIONS:
        return _LAST_OPERATIONS[outputs.last]
    if _are_probabilities(outputs.logits):
        return _SATURATED, "A softmax"
    if _are_rectified(outputs.logits):
        return _NON_NEGATIVE, "A ReLU"
    return None


def _are_probabilities(logits: Tensor) -> bool:
    sums = logits.sum(1)
    return bool((logits >= 0).all() and ((sums - 1).abs() < 1e-2).all())


def _are_rectified(logits: Tensor) -> bool:
    return bool((logits >= 0).all() and (logits == 0).any() and (logits > 0).any())
