"""Find claims of a paper that contradict each other, or that cannot be true by themselves."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, combinations
from math import floor, inf
from statistics import fmean

from cnn_ablate.audit.subject import Case, Subject
from cnn_ablate.metrics import metric_of
from cnn_ablate.plan import NotInPlanError, Pair, claimed_pairs, claimed_variant
from cnn_ablate.schema import Claim, Finding, Metric
from cnn_ablate.stats import printed

# Test images of the published data sets; in the balanced ones, all classes have as many.
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
# Numbers that are equal on paper may differ in their last bits.
_TIE = 1e-12


def claim_contradictions(subject: Subject) -> Iterator[Finding]:
    """Find claims that contradict each other, and accuracies that no test set can yield."""
    # The claims are about the study as declared, not as changed by a profile.
    subject = subject.declared
    yield from _different_numbers(subject)
    yield from _opposite_directions(subject)
    yield from _numbers_against_directions(subject)
    yield from _classes_against_mean(subject)
    yield from _impossible_fractions(subject)


def _different_numbers(subject: Subject) -> Iterator[Finding]:
    """Find two numbers, or a number and a limit, for one metric of one variant."""
    claims = [c for c in subject.study.claims if c.value is not None and not c.compares]
    for first, second in combinations(claims, 2):
        quantity = _quantity(subject, first)
        if quantity == _quantity(subject, second) and _differ(first, second):
            yield _finding(
                (first, second),
                f"Claims {first.id} and {second.id} state two numbers for the "
                f"{first.measured_metric} of {quantity[0]}: {_printed(subject, first)} and "
                f"{_printed(subject, second)}.",
            )


def _differ(first: Claim, second: Claim) -> bool:
    if first.effect and second.effect:
        return False
    if not first.effect and not second.effect:
        return _above(first, second) or _above(second, first)
    number, limit = (first, second) if second.effect else (second, first)
    gap = number.bounds[0] - limit.bounds[0]
    return gap > 0 if limit.effect == "lower" else gap < 0


def _opposite_directions(subject: Subject) -> Iterator[Finding]:
    """Find two directions for one metric of one pair of variants."""
    pairs = combinations(_directions(subject), 2)
    for (first, sides, sign), (second, other_sides, other_sign) in pairs:
        opposite = sides == other_sides and sign != other_sign
        reversed_opposite = sides == other_sides[::-1] and sign != -other_sign
        if _about(first) == _about(second) and (opposite or reversed_opposite):
            yield _finding(
                (first, second),
                f"Claims {first.id} and {second.id} cannot both be true of the "
                f"{first.measured_metric} of {sides[0]} and {sides[1]}.",
            )


def _numbers_against_directions(subject: Subject) -> Iterator[Finding]:
    """Find directions that the paper's own numbers contradict."""
    numbers: dict[tuple[object, ...], list[Claim]] = defaultdict(list)
    for claim in _numbers(subject):
        numbers[_quantity(subject, claim)].append(claim)
    for claim, sides, sign in _directions(subject):
        new, old = (numbers.get((name, *_about(claim)), []) for name in sides)
        for pair in ((a, b) for a in new for b in old):
            if _contradict(claim, metric_of(subject.study, claim), sign, *pair):
                yield _finding(
                    (claim, *pair),
                    f"Claim {claim.id} states {claim.effect} for {sides[0]} against {sides[1]}, "
                    f"but {' and '.join(f'{c.id} states {_printed(subject, c)}' for c in pair)}.",
                )


def _contradict(claim: Claim, metric: Metric, sign: int, new: Claim, old: Claim) -> bool:
    if sign:
        return _above(old, new) if sign > 0 else _above(new, old)
    # A claim of no effect allows the margin of its metric unless it says otherwise.
    margin = (claim.margin or metric.margin or inf) / metric.scale
    return _above(new, old, margin) or _above(old, new, margin)


def _above(first: Claim, second: Claim, margin: float = 0.0) -> bool:
    """Return whether a number is above another, however both were rounded."""
    return first.printed_interval[0] > second.printed_interval[1] + margin + _TIE


def _classes_against_mean(subject: Subject) -> Iterator[Finding]:
    """Find accuracies per class whose mean is not the accuracy of their variant."""
    by_class: dict[str, dict[str, list[Claim]]] = defaultdict(lambda: defaultdict(list))
    whole: dict[str, Claim] = {}
    for claim in _numbers(subject):
        if claim.measured_metric == "test_accuracy":
            whole[str(_quantity(subject, claim)[0])] = claim
        if claim.measured_metric == "class_accuracy" and claim.of_class:
            by_class[str(_quantity(subject, claim)[0])][claim.of_class].append(claim)
    for name, claim in whole.items():
        case, classes = subject.cases.get(name), by_class[name].values()
        if case is None or len(classes) != case.classes or _data_set(case) not in _BALANCED:
            continue
        # If a class has several numbers, any of them may be the one that the mean includes.
        least = fmean(min(part.printed_interval[0] for part in parts) for parts in classes)
        most = fmean(max(part.printed_interval[1] for part in parts) for parts in classes)
        low, high = claim.printed_interval
        if high < least - _TIE or low > most + _TIE:
            pick, end = (min, 0) if high < least else (max, 1)
            nearest = fmean(pick(part.bounds[end] for part in parts) for parts in classes)
            yield _finding(
                (claim, *chain.from_iterable(classes)),
                f"The accuracies by class of {name} have the mean {100 * nearest:.2f} %, but claim "
                f"{claim.id} states {_printed(subject, claim)}.",
            )


def _impossible_fractions(subject: Subject) -> Iterator[Finding]:
    """Find accuracies that no whole number of correct test images yields."""
    for claim in _numbers(subject):
        case = subject.cases.get(str(_quantity(subject, claim)[0]))
        images = _test_images(case, claim) if case else 0
        low, high = claim.printed_interval
        if images and floor((high + _TIE) * images) / images < low - _TIE:
            yield _finding(
                (claim,),
                f"Claim {claim.id}: {_printed(subject, claim)} is not a whole number of {images:,} "
                "test images; it is a mean of several runs, or a misprint.",
            )


def _test_images(case: Case, claim: Claim) -> int:
    """Return the number of test images that the metric of a claim is computed on; 0 if unknown."""
    images = case.images.facts.test if case.images else _TEST_IMAGES.get(_data_set(case), 0)
    if claim.measured_metric == "test_accuracy":
        return images
    in_class = claim.measured_metric == "class_accuracy" and _data_set(case) in _BALANCED
    return images // case.classes if in_class else 0


def _numbers(subject: Subject) -> list[Claim]:
    """Return the claims that state a number of one variant: not a limit, not a difference."""
    claims = subject.study.claims
    return [c for c in claims if c.value is not None and not c.compares and not c.effect]


def _directions(subject: Subject) -> list[tuple[Claim, Pair, int]]:
    return [
        (claim, sides, _SIGNS[claim.effect])
        for claim in subject.study.claims
        if claim.effect and not claim.than_at and (sides := _pair(subject, claim))
    ]


def _pair(subject: Subject, claim: Claim) -> Pair | None:
    """Return the two variants of a claim; None if there are none, or several pairs of them."""
    with suppress(NotInPlanError):
        pairs = claimed_pairs(subject.plan, claim) if claim.compares else ()
        return pairs[0] if len(pairs) == 1 else None
    return None


def _printed(subject: Subject, claim: Claim) -> str:
    return printed(claim, metric_of(subject.study, claim))


def _quantity(subject: Subject, claim: Claim) -> tuple[object, ...]:
    """Return the variant and the metric that a claim is about."""
    try:
        return (claimed_variant(subject.plan, claim), *_about(claim))
    except NotInPlanError:
        return (claim.variant, *_about(claim))


def _about(claim: Claim) -> tuple[object, ...]:
    return claim.measured_metric, claim.of_class, claim.threshold


def _data_set(case: Case) -> str:
    return str(case.settings["data"]["name"])


def _finding(claims: Sequence[Claim], message: str) -> Finding:
    return Finding(
        kind="paper-contradiction",
        severity="note",
        where=", ".join(claim.id for claim in claims),
        message=message,
        data={claim.id: claim.value for claim in claims},
    )
