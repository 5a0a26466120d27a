"""Factors that change nothing: two of their levels are one and the same training."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from cnn_ablate.audit.comparisons import Comparison, comparisons
from cnn_ablate.audit.proof import alike
from cnn_ablate.audit.reasons import why_alike
from cnn_ablate.audit.subject import Case, Subject
from cnn_ablate.schema import Finding


def inert_factors(subject: Subject) -> Iterator[Finding]:
    """Find the pairs of levels that nothing tells apart.

    An error; but a warning where they differ at other levels of other factors, and only a note if
    nothing is trained twice for them. What a profile or the command line makes alike is no fault
    of the study.
    """
    pairs = comparisons(subject)
    same = _same(subject, dict(enumerate(pairs)))
    if subject.declared is not subject:
        declared = comparisons(subject.declared)
        same = _same(subject.declared, {i: declared[i] for i in same})
    compared: defaultdict[tuple[str, ...], set[bool]] = defaultdict(set)
    for i, pair in enumerate(pairs):
        if pair.moved and _is_planned(subject, pair):
            compared[_name(pair)].add(i in same)
    found = {_name(pairs[i]): pairs[i] for i in sorted(same, reverse=True)}
    as_reference = {pairs[i].sides[1].text for i in same if pairs[i].direct}
    for name, pair in reversed(found.items()):
        if pair.direct or not as_reference & set(pair.texts):
            yield _finding(subject, pair, everywhere=compared[name] == {True})


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


def _finding(subject: Subject, pair: Comparison, *, everywhere: bool) -> Finding:
    merged = pair.texts[0] == pair.texts[1]
    levels = " and ".join(pair.labels)
    of = f" of {' with '.join(pair.names)}" if pair.names else ""
    where = "" if everywhere else ", at some levels of the other factors,"
    return Finding(
        kind="inert-factor",
        severity="error" if everywhere else "note" if merged else "warning",
        where=", ".join(pair.names) or pair.labels[1],
        message=(
            f"{'Levels' if of else 'Variants'} {levels}{of} are{where} one and the same training: "
            f"{why_alike(subject, pair)}"
        ),
        data={
            "factors": list(pair.names),
            "levels": list(pair.labels),
            "changed": {key: list(values) for key, values in pair.moved.items()},
        },
    )
