"""Find variants named after two levels that set one key to different values."""

from collections.abc import Iterator
from itertools import combinations

from cnn_ablate.audit.phrases import short_label
from cnn_ablate.audit.subject import Subject
from cnn_ablate.plan.designs import Point, design_points
from cnn_ablate.schema import Finding
from cnn_ablate.text import count

# Steps of a ladder and entries of a list change on purpose what an earlier one has set.
_COMBINING = ("factorial", "leave_one_out", "fractional")


def doubly_set_keys(subject: Subject) -> Iterator[Finding]:
    """Find combined levels that contradict each other: the later factor wins, without a word.

    A bundle beside the factor of one of its keys is sound where only one of the two is moved.
    """
    points = (
        point
        for design in subject.study.designs
        if design.kind in _COMBINING
        for point, _ in design_points(subject.study, design)
    )
    places: dict[tuple[str, str, str], list[str]] = {}
    for point in {point.key: point for point in points}.values():
        for clash, levels in _clashes(point):
            places.setdefault(clash, []).append(levels)
    for (key, overridden, winner), values in places.items():
        variants = count(len(values), "combination")
        yield Finding(
            kind="set-twice",
            severity="warning",
            where=key,
            message=(
                f"In {variants}, factors {overridden} and {winner} both set {key} and differ, for "
                f"instance {values[0]}: {winner} wins, so these are not the levels of "
                f"{overridden} that their names state. Leave {key} out of one of the two."
            ),
            data={"key": key, "factors": [overridden, winner], "combinations": len(values)},
        )


def _clashes(point: Point) -> Iterator[tuple[tuple[str, str, str], str]]:
    """Yield key and factors of each contradiction at a point, with the two levels in words."""
    for (first, one), (second, other) in combinations(point.levels.items(), 2):
        for key in one.sets.keys() & other.sets.keys():
            if one.sets[key] != other.sets[key]:
                levels = (
                    f"{first} {one.label} ({short_label(one.sets[key])}) with "
                    f"{second} {other.label} ({short_label(other.sets[key])})"
                )
                yield (key, first, second), levels
