"""Find factors without effect: two of their levels are the same training."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from random import Random

from cnn_ablate.audit.compared_pairs import ComparedPair, compared_pairs
from cnn_ablate.audit.equivalence import equivalent_groups
from cnn_ablate.audit.inert_reasons import why_equivalent
from cnn_ablate.audit.subject import Case, Subject
from cnn_ablate.schema import Finding
from cnn_ablate.text import listed

# A large factorial compares the same two levels at hundreds of places; so many are tried first.
_PLACES_TRIED = 8


def inert_factors(subject: Subject) -> Iterator[Finding]:
    """Find levels that are the same training.

    This is an error; a warning if they differ at other levels of other factors; a note if nothing
    is trained twice for them. Levels that only a profile or the command line makes equal are no
    finding.
    """
    pairs = compared_pairs(subject)
    examined = _suspects(subject, pairs)
    inert = _equivalent(subject, examined)
    if subject.declared is not subject:
        declared = compared_pairs(subject.declared)
        inert = _equivalent(subject.declared, {i: declared[i] for i in inert})
    others = [pair for i, pair in examined.items() if pair.changed and i not in inert]
    # Pairs that are not trained were not tried either.
    different = {_id(pair) for pair in others if _is_planned(subject, pair)}
    for family in _families([pairs[i] for i in sorted(inert)]):
        yield _finding(subject, family, everywhere=not different & set(map(_id, family)))


def _suspects(subject: Subject, pairs: list[ComparedPair]) -> dict[int, ComparedPair]:
    """Return all pairs of those levels that are inert in at least one of a few places tried."""
    places: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, pair in enumerate(pairs):
        places[_id(pair)].append(i)
    # At random, since a regular choice could miss a level of another factor.
    rng = Random(0)  # noqa: S311 - not for security
    few = [i for g in places.values() for i in rng.sample(g, min(len(g), _PLACES_TRIED))]
    inert = {_id(pairs[i]) for i in _equivalent(subject, {i: pairs[i] for i in few})}
    return {i: pair for i, pair in enumerate(pairs) if _id(pair) in inert}


def _families(pairs: list[ComparedPair]) -> list[list[ComparedPair]]:
    """Group pairs of the same factors that share a level."""
    families: list[list[ComparedPair]] = []
    for pair in pairs:
        for family in families:
            if pair.factors == family[0].factors and set(pair.levels) & _levels(family).keys():
                family.append(pair)
                break
        else:
            families.append([pair])
    return families


def _equivalent(subject: Subject, pairs: Mapping[int, ComparedPair]) -> set[int]:
    """Return the indices of the pairs whose sides are the same training."""
    cases: dict[str, Case] = {}
    planned = [pair for pair in pairs.values() if _is_planned(subject, pair)]
    for side in (side for pair in planned for side in pair.sides):
        if side.settings and (case := subject.case(side.settings)):
            cases[side.key] = case
    groups = equivalent_groups(cases.values())
    group = {case.key: i for i, members in enumerate(groups) for case in members}
    return {
        i
        for i, pair in pairs.items()
        if pair.changed
        and cases.keys() >= set(pair.keys)
        and len({group.get(key, key) for key in pair.keys}) == 1
    }


def _is_planned(subject: Subject, pair: ComparedPair) -> bool:
    """Return whether both sides are trained; of a fraction, only their levels are."""
    return pair.design.kind == "fractional" or subject.names.keys() >= set(pair.keys)


def _id(pair: ComparedPair) -> tuple[str, ...]:
    return (*pair.factors, *pair.levels)


def _levels(pairs: list[ComparedPair]) -> dict[str, None]:
    return dict.fromkeys(level for pair in pairs for level in pair.levels)


def _finding(subject: Subject, family: list[ComparedPair], *, everywhere: bool) -> Finding:
    first, levels = family[0], list(_levels(family))
    merged = all(len(set(pair.keys)) == 1 for pair in family)
    of = f" of {' with '.join(first.factors)}" if first.factors else ""
    where = "" if everywhere else ", at some levels of the other factors,"
    return Finding(
        kind="inert-factor",
        severity="error" if everywhere else "note" if merged else "warning",
        where=", ".join(first.factors) or first.levels[1],
        message=(
            f"{'Levels' if of else 'Variants'} {listed(levels)}{of} are{where} one and the same "
            f"training: {why_equivalent(subject, first)}"
        ),
        data={
            "factors": list(first.factors),
            "levels": levels,
            "changed": {key: list(values) for key, values in first.changed.items()},
        },
    )
