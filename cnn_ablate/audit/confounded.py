"""Find contrasts that change several settings, so that their effect is not that of one of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from cnn_ablate.audit.compared_pairs import compared_pairs
from cnn_ablate.audit.inert_reasons import why_unused
from cnn_ablate.audit.phrases import short_label
from cnn_ablate.audit.subject import Subject
from cnn_ablate.schema import Contrast, Finding
from cnn_ablate.text import listed

Changes = Mapping[str, tuple[Any, Any]]
"""Dotted keys with their values in the reference and in the variant."""


def confounded_contrasts(subject: Subject) -> Iterator[Finding]:
    """Find the contrasts of a ladder, a list or a bundle in which several settings change.

    Those of a fraction are left out: it changes several factors by design.
    """
    stated = _stated_keys(subject)
    reported: set[str] = set()
    for contrast in subject.plan.contrasts:
        sides = (contrast.reference, contrast.variant)
        changes = _independent_changes(subject, contrast, stated.get(sides, set()))
        # In a factorial, the same bundle is contrasted at many places.
        name = str(changes) if contrast.design == "factorial" else contrast.variant
        if contrast.design != "fractional" and len(changes) > 1 and name not in reported:
            reported.add(name)
            yield _finding(contrast, changes)


def _stated_keys(subject: Subject) -> dict[tuple[str, str], set[str]]:
    """Return the keys in which two variants differ and that the study sets, by their names."""
    pairs = [pair for pair in compared_pairs(subject) if subject.names.keys() >= set(pair.keys)]
    return {
        (subject.names[pair.keys[0]], subject.names[pair.keys[1]]): set(pair.changed)
        for pair in pairs
        if pair.direct
    }


def _independent_changes(subject: Subject, contrast: Contrast, stated: set[str]) -> Changes:
    """Return the changes that do not follow from others.

    These follow: an option that only one side has, as it comes with its part; the defaults of
    another network; a value that the schedule of one side sets itself.
    """
    other_network = "model.name" in contrast.changed
    cases = [subject.cases.get(name) for name in (contrast.variant, contrast.reference)]
    return {
        key: values
        for key, values in contrast.changed.items()
        if None not in values
        and not (other_network and key.startswith("model.") and key not in stated)
        and not any(case and why_unused(case, key) for case in cases)
    }


def _finding(contrast: Contrast, changes: Changes) -> Finding:
    moves = listed(
        f"{key} ({short_label(old)} to {short_label(new)})" for key, (old, new) in changes.items()
    )
    return Finding(
        kind="moved-together",
        severity="warning",
        where=contrast.variant,
        message=(
            f"{contrast.variant} differs from {contrast.reference} in {len(changes)} settings at "
            f"once: {moves}. Its effect cannot be attributed to one of them."
        ),
        data={
            "variant": contrast.variant,
            "reference": contrast.reference,
            "changed": {key: list(values) for key, values in changes.items()},
        },
    )
