"""Claims of a paper that cannot be true together, or not at all."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, combinations
from statistics import fmean

from cnn_ablate.audit.published import digits, rounding
from cnn_ablate.audit.sides import compared, spoken_of
from cnn_ablate.audit.subject import Case, Subject
from cnn_ablate.schema import Claim, Finding

# Images of each class in the tests of the published data sets, where all classes have as many.
_TEST_IMAGES = {
    "cifar10": 10_000,
    "cifar100": 10_000,
    "fashion_mnist": 10_000,
    "kmnist": 10_000,
    "mnist": 10_000,
    "svhn": 26_032,
}
_BALANCED = {"cifar10", "cifar100", "fashion_mnist", "kmnist"}
_SIGNS = {"higher": 1, "lower": -1, "none": 0}


def paper_contradictions(subject: Subject) -> Iterator[Finding]:
    """Find claims that contradict each other, and accuracies that no test set can give."""
    # What a profile changes is no word of the paper.
    subject = subject.declared
    yield from _two_numbers(subject)
    yield from _two_directions(subject)
    yield from _numbers_and_directions(subject)
    yield from _classes_and_all(subject)
    yield from _no_multiples(subject)


def _two_numbers(subject: Subject) -> Iterator[Finding]:
    """Find two numbers, or a number and a limit, for one metric of one variant."""
    claims = [c for c in subject.study.claims if c.value is not None and not c.compares]
    for one, other in combinations(claims, 2):
        if _spoken_of(subject, one) == _spoken_of(subject, other) and _differ(one, other):
            yield _finding(
                (one, other),
                f"Claims {one.id} and {other.id} give two numbers to the {_metric(one)} of "
                f"{_spoken_of(subject, one)[0]}: {_number(one)} and {_number(other)}.",
            )


def _differ(one: Claim, other: Claim) -> bool:
    if one.effect and other.effect:
        return False
    gap = (one.value or 0.0) - (other.value or 0.0)
    if not one.effect and not other.effect:
        return abs(gap) > rounding(one) + rounding(other) + 1e-12
    above = gap if other.effect else -gap
    limit = other.effect or one.effect
    return above > 0 if limit == "lower" else above < 0


def _two_directions(subject: Subject) -> Iterator[Finding]:
    """Find two directions for one metric of one pair of variants."""
    for one, other in combinations(_directions(subject), 2):
        (first, sides, sign), (second, others, opposite) = one, other
        same = sides == others and sign != opposite
        turned = sides == others[::-1] and sign != -opposite
        if _about(first) == _about(second) and (same or turned):
            yield _finding(
                (first, second),
                f"Claims {first.id} and {second.id} cannot both hold of the {_metric(first)} of "
                f"{sides[0]} and {sides[1]}.",
            )


def _numbers_and_directions(subject: Subject) -> Iterator[Finding]:
    """Find directions that the paper's own numbers contradict."""
    numbers: dict[tuple[object, ...], list[Claim]] = defaultdict(list)
    for claim in _numbers(subject):
        numbers[_spoken_of(subject, claim)].append(claim)
    for claim, sides, sign in _directions(subject):
        new, old = (numbers.get((name, *_about(claim)), []) for name in sides)
        for pair in ((a, b) for a in new for b in old):
            if _contradict(claim, sign, *pair):
                yield _finding(
                    (claim, *pair),
                    f"Claim {claim.id} says {claim.effect} of {sides[0]} against {sides[1]}, but "
                    f"{' and '.join(f'{one.id} gives {_number(one)}' for one in pair)}.",
                )


def _contradict(claim: Claim, sign: int, new: Claim, old: Claim) -> bool:
    gap = (new.value or 0.0) - (old.value or 0.0)
    slack = rounding(new) + rounding(old) + 1e-12
    if sign:
        return sign * gap < -slack
    # A claim of no effect allows a point of accuracy unless it says otherwise.
    return "accuracy" in claim.metric and abs(gap) > (claim.margin or 1.0) / 100 + slack


def _classes_and_all(subject: Subject) -> Iterator[Finding]:
    """Find accuracies of all classes whose mean is not the accuracy of their variant."""
    by_class: dict[str, dict[str, list[Claim]]] = defaultdict(lambda: defaultdict(list))
    whole: dict[str, Claim] = {}
    for claim in _numbers(subject):
        if _metric(claim) == "test_accuracy":
            whole[str(_spoken_of(subject, claim)[0])] = claim
        if _metric(claim) == "class_accuracy" and claim.of_class:
            by_class[str(_spoken_of(subject, claim)[0])][claim.of_class].append(claim)
    for name, claim in whole.items():
        case, classes = subject.cases.get(name), by_class[name].values()
        if case is None or len(classes) != case.classes or _data(case) not in _BALANCED:
            continue
        # Of a class with several numbers, any may be meant.
        least, most = (fmean(pick(map(_value, parts)) for parts in classes) for pick in (min, max))
        value, slack = _value(claim), rounding(claim) + fmean(map(_loosest, classes)) + 1e-12
        if not least - slack <= value <= most + slack:
            nearest = least if value < least else most
            yield _finding(
                (claim, *chain.from_iterable(classes)),
                f"The accuracies by class of {name} have the mean {100 * nearest:.2f} %, but claim "
                f"{claim.id} gives {_number(claim)}.",
            )


def _value(claim: Claim) -> float:
    return claim.value or 0.0


def _loosest(claims: Iterable[Claim]) -> float:
    return max(map(rounding, claims))


def _no_multiples(subject: Subject) -> Iterator[Finding]:
    """Find accuracies that no number of recognised test images comes to."""
    for claim in _numbers(subject):
        case, value = subject.cases.get(str(_spoken_of(subject, claim)[0])), claim.value or 0.0
        images = _tested(case, claim) if case else 0
        if images and abs(round(value * images) / images - value) > rounding(claim) + 1e-12:
            yield _finding(
                (claim,),
                f"Claim {claim.id}: {_number(claim)} is no number of {images:,} test images; "
                "it is a mean of several runs, or a slip.",
            )


def _tested(case: Case, claim: Claim) -> int:
    images = case.images.facts.test if case.images else _TEST_IMAGES.get(_data(case), 0)
    if _metric(claim) == "test_accuracy":
        return images
    in_class = _metric(claim) == "class_accuracy" and _data(case) in _BALANCED
    return images // case.classes if in_class else 0


def _numbers(subject: Subject) -> list[Claim]:
    """Give the claims that state what one variant has: no limit to it, and no difference."""
    claims = subject.study.claims
    return [c for c in claims if c.value is not None and not c.compares and not c.effect]


def _directions(subject: Subject) -> list[tuple[Claim, tuple[str, str], int]]:
    return [
        (claim, sides, _SIGNS[claim.effect])
        for claim in subject.study.claims
        if claim.effect and not claim.than_at and (sides := compared(subject.plan, claim))
    ]


def _spoken_of(subject: Subject, claim: Claim) -> tuple[object, ...]:
    return (spoken_of(subject.plan, claim), *_about(claim))


def _about(claim: Claim) -> tuple[object, ...]:
    return _metric(claim), claim.of_class, claim.threshold


def _metric(claim: Claim) -> str:
    of_class = claim.of_class and claim.metric == "test_accuracy"
    return "class_accuracy" if of_class else claim.metric


def _data(case: Case) -> str:
    return str(case.settings["data"]["name"])


def _number(claim: Claim) -> str:
    value = claim.value or 0.0
    if "accuracy" in claim.metric and "_to_" not in claim.metric:
        return f"{100 * value:.{max(0, digits(claim) - 2)}f} %"
    return f"{value:,.{max(0, digits(claim))}f}"


def _finding(claims: Sequence[Claim], message: str) -> Finding:
    return Finding(
        kind="paper-contradiction",
        severity="note",
        where=", ".join(claim.id for claim in claims),
        message=message,
        data={claim.id: claim.value for claim in claims},
    )
