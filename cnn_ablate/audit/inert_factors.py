"""Factors that change nothing: two of their levels are one and the same training."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from random import Random

from cnn_ablate.audit.comparisons import Comparison, comparisons
from cnn_ablate.audit.equivalence import alike
from cnn_ablate.audit.explain import why_alike
from cnn_ablate.audit.subject import Case, Subject
from cnn_ablate.schema import Finding
from cnn_ablate.stats import listed

_PLACES = 8


def inert_factors(subject: Subject) -> Iterator[Finding]:
    """Find levels that nothing tells apart.

    An error; but a warning where they differ at other levels of other factors, and only a note if
    nothing is trained twice for them. What a profile or the command line makes alike is no fault
    of the study.
    """
    pairs = comparisons(subject)
    examined = _suspects(subject, pairs)
    same = _same(subject, examined)
    if subject.declared is not subject:
        declared = comparisons(subject.declared)
        same = _same(subject.declared, {i: declared[i] for i in same})
    others = [pair for i, pair in examined.items() if pair.moved and i not in same]
    # Of what is not trained nothing was tried.
    differ = {_name(pair) for pair in others if _is_planned(subject, pair)}
    for family in _families([pairs[i] for i in sorted(same)]):
        yield _finding(subject, family, everywhere=not differ & set(map(_name, family)))


def _suspects(subject: Subject, pairs: list[Comparison]) -> dict[int, Comparison]:
    """Give all pairs of levels of which some place in the study, out of a few, is inert.

    A large factorial compares the same two levels at hundreds of places.
    """
    places: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, pair in enumerate(pairs):
        places[_name(pair)].append(i)
    # Drawn, as a regular choice could miss a level of another factor.
    chance = Random(0)  # noqa: S311 - nothing is secret here
    few = [i for found in places.values() for i in chance.sample(found, min(len(found), _PLACES))]
    names = {_name(pairs[i]) for i in _same(subject, {i: pairs[i] for i in few})}
    return {i: pair for i, pair in enumerate(pairs) if _name(pair) in names}


def _families(pairs: list[Comparison]) -> list[list[Comparison]]:
    """Put pairs of one factor together if they share a level."""
    families: list[list[Comparison]] = []
    for pair in pairs:
        for family in families:
            if pair.names == family[0].names and set(pair.labels) & _labels(family).keys():
                family.append(pair)
                break
        else:
            families.append([pair])
    return families


def _same(subject: Subject, pairs: Mapping[int, Comparison]) -> set[int]:
    """Find which pairs are proven to be one and the same, by their places in the study's list."""
    cases: dict[str, Case] = {}
    planned = [pair for pair in pairs.values() if _is_planned(subject, pair)]
    for side in (side for pair in planned for side in pair.sides):
        if side.settings and (case := subject.case(side.settings)):
            cases[side.text] = case
    group = {case.text: i for i, group in enumerate(alike(cases.values())) for case in group}
    return {
        i
        for i, pair in pairs.items()
        if pair.moved
        and cases.keys() >= set(pair.texts)
        and len({group.get(text, text) for text in pair.texts}) == 1
    }


def _is_planned(subject: Subject, pair: Comparison) -> bool:
    """Say whether both sides are in the study; a fraction has the levels, but not these points."""
    return pair.design.kind == "fractional" or subject.names.keys() >= set(pair.texts)


def _name(pair: Comparison) -> tuple[str, ...]:
    return (*pair.names, *pair.labels)


def _labels(pairs: list[Comparison]) -> dict[str, None]:
    return dict.fromkeys(label for pair in pairs for label in pair.labels)


def _finding(subject: Subject, family: list[Comparison], *, everywhere: bool) -> Finding:
    first, levels = family[0], list(_labels(family))
    merged = all(len(set(pair.texts)) == 1 for pair in family)
    of = f" of {' with '.join(first.names)}" if first.names else ""
    where = "" if everywhere else ", at some levels of the other factors,"
    return Finding(
        kind="inert-factor",
        severity="error" if everywhere else "note" if merged else "warning",
        where=", ".join(first.names) or first.labels[1],
        message=(
            f"{'Levels' if of else 'Variants'} {listed(levels)}{of} are{where} one and the same "
            f"training: {why_alike(subject, first)}"
        ),
        data={
            "factors": list(first.names),
            "levels": levels,
            "changed": {key: list(values) for key, values in first.moved.items()},
        },
    )
