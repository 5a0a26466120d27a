"""Contrasts that change more than one thing, so that no effect is that of one of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from cnn_ablate.audit.comparisons import comparisons
from cnn_ablate.audit.explain import why_idle
from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.words import brief, listed
from cnn_ablate.schema import Contrast, Finding

Things = Mapping[str, tuple[Any, Any]]


def moved_together(subject: Subject) -> Iterator[Finding]:
    """Find the contrasts of a ladder, a list or a bundle in which several settings move.

    A fraction moves several factors by its nature.
    """
    said = _said(subject)
    told: set[str] = set()
    for contrast in subject.plan.contrasts:
        things = _things(subject, contrast, said.get((contrast.reference, contrast.variant), set()))
        # In a factorial the same bundle moves at many places.
        name = str(things) if contrast.design == "factorial" else contrast.variant
        if contrast.design != "fractional" and len(things) > 1 and name not in told:
            told.add(name)
            yield _finding(contrast, things)


def _said(subject: Subject) -> dict[tuple[str, str], set[str]]:
    """Give the keys that the study itself sets, by the two variants that differ in them."""
    pairs = [pair for pair in comparisons(subject) if subject.names.keys() >= set(pair.texts)]
    return {
        (subject.names[pair.texts[0]], subject.names[pair.texts[1]]): set(pair.moved)
        for pair in pairs
        if pair.direct
    }


def _things(subject: Subject, contrast: Contrast, said: set[str]) -> Things:
    """Give what moves by itself.

    An option that only one side has comes with its part, as do the defaults of another network and
    a number that one side's schedule sets itself.
    """
    other_network = "model.name" in contrast.changed
    cases = [subject.cases.get(name) for name in (contrast.variant, contrast.reference)]
    return {
        key: sides
        for key, sides in contrast.changed.items()
        if None not in sides
        and not (other_network and key.startswith("model.") and key not in said)
        and not any(case and why_idle(case, key) for case in cases)
    }


def _finding(contrast: Contrast, things: Things) -> Finding:
    said = listed(f"{key} ({brief(old)} to {brief(new)})" for key, (old, new) in things.items())
    return Finding(
        kind="moved-together",
        severity="warning",
        where=contrast.variant,
        message=(
            f"{contrast.variant} differs from {contrast.reference} in {len(things)} things at "
            f"once: {said}. Its effect cannot be credited to one of them."
        ),
        data={
            "variant": contrast.variant,
            "reference": contrast.reference,
            "changed": {key: list(sides) for key, sides in things.items()},
        },
    )
