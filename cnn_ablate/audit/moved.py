"""Contrasts that change more than one thing, so that no effect is that of one of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from cnn_ablate.audit.subject import Subject
from cnn_ablate.audit.words import listed
from cnn_ablate.schema import SOURCE_KEY, Contrast, Finding, label

# Here each contrast is meant to be one change; a fraction moves several by its nature.
_ONE_BY_ONE = {"one_at_a_time", "leave_one_out", "ladder", "list", "factorial"}


def moved_together(subject: Subject) -> Iterator[Finding]:
    """Find the contrasts of a ladder, a list or a bundle in which several settings move."""
    told = set()
    for contrast in subject.plan.contrasts:
        things = _things(contrast)
        # In a factorial the same bundle moves at many places.
        name = (contrast.factors, str(things)) if contrast.design == "factorial" else contrast
        if contrast.design in _ONE_BY_ONE and len(things) > 1 and str(name) not in told:
            told.add(str(name))
            yield _finding(contrast, things)


def _things(contrast: Contrast) -> dict[str, tuple[Any, Any]]:
    """Give what moves by itself: an option that only one side has comes with its part."""
    return {
        key: sides
        for key, sides in contrast.changed.items()
        if None not in sides and not key.endswith(f".{SOURCE_KEY}")
    }


def _finding(contrast: Contrast, things: Mapping[str, tuple[Any, Any]]) -> Finding:
    said = listed(f"{key} ({label(old)} to {label(new)})" for key, (old, new) in things.items())
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
