"""Designs, one function each: the combinations of levels to train, and their references.

A point holds what differs from the baseline; the empty point is the baseline itself.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product
from math import prod
from typing import Any

from cnn_ablate.errors import UserError
from cnn_ablate.schema import Design, Factor, Level, Overrides, Study, canonical, value_at


@dataclass(frozen=True)
class Point:
    """A combination of levels by factor name, or (in a `list`) the keys of a named entry."""

    levels: Mapping[str, Level]
    name: str = ""
    extra: Overrides | None = None

    @cached_property
    def sets(self) -> dict[str, object]:
        """All dotted keys that it sets; later factors override earlier ones."""
        keys = {key: value for level in self.levels.values() for key, value in level.sets.items()}
        return {**keys, **(self.extra or {})}

    @cached_property
    def key(self) -> tuple[object, ...]:
        """A key by which it can be looked up among the points of a study."""
        extra = canonical(self.extra) if self.extra else ""
        return self.name, extra, *((name, level.label) for name, level in self.levels.items())

    def at(self, factor: Factor, level: Level) -> "Point":
        """Return this point with one factor at another level."""
        return Point({**self.levels, factor.name: level})


# Beyond that, listing which of the interactions are aliased takes too long.
_MOST_FRACTIONAL = 20

PointPair = tuple[Point, Point | None]
"""A point and the reference that it is contrasted with, if any."""

BASELINE = Point({}, name="baseline")


def one_at_a_time(factors: tuple[Factor, ...], design: Design) -> Iterator[PointPair]:
    """Move each factor through its levels while the others stay at the baseline."""
    del design
    for factor in factors:
        for level in factor.levels:
            yield BASELINE.at(factor, level), BASELINE


def leave_one_out(factors: tuple[Factor, ...], design: Design) -> Iterator[PointPair]:
    """Start with every factor at its first level (the full system), and move one at a time."""
    del design
    full = Point({factor.name: factor.levels[0] for factor in factors})
    yield full, None
    for factor in factors:
        for level in factor.levels[1:]:
            yield full.at(factor, level), full


def ladder(factors: tuple[Factor, ...], design: Design) -> Iterator[PointPair]:
    """Apply the levels of all factors in order; each step keeps all earlier ones.

    Levels of one bundle add to each other too, so that a single bundle can hold a whole ladder.
    """
    del design
    rungs = [Point({}, name="baseline", extra={})]
    for factor in factors:
        below = rungs[-1].extra or {}
        for level in factor.levels:
            name = level.label if factor.bundle else ""
            below = {**below, **level.sets}
            rungs.append(Point({**rungs[-1].levels, factor.name: level}, name, below))
    for lower, upper in pairwise(rungs):
        yield upper, lower


def factorial(factors: tuple[Factor, ...], design: Design) -> Iterator[PointPair]:
    """Combine all levels of all factors.

    Each point is contrasted with the points that have one factor at its first level instead.
    """
    del design
    for levels in product(*(factor.levels for factor in factors)):
        point = Point(dict(zip((f.name for f in factors), levels, strict=True)))
        moved = [f for f in factors if point.levels[f.name] is not f.levels[0]]
        if not moved:
            yield point, None
        for factor in moved:
            yield point, point.at(factor, factor.levels[0])


def fractional(factors: tuple[Factor, ...], design: Design) -> Iterator[PointPair]:
    """Use a regular fraction of the two-level factorial, of the design's resolution.

    Reference: Box, Hunter and Hunter, Statistics for Experimenters, 2nd ed. 2005, chapter 6.
    """
    first = Point({factor.name: factor.levels[0] for factor in factors})
    for signs in _fraction(len(factors), design.resolution):
        levels = {f.name: f.levels[int(sign > 0)] for f, sign in zip(factors, signs, strict=True)}
        point = Point(levels)
        yield point, None if point == first else first


def aliases(factors: tuple[Factor, ...], design: Design) -> list[str]:
    """Return the groups of main effects and two-way interactions that are aliased: `A = B:C`."""
    from pyDOE3 import fracfact_aliasing  # noqa: PLC0415 - imports SciPy, for few studies only

    names = dict(zip("abcdefghijklmnopqrstuvwxyz", (f.name for f in factors), strict=False))
    chains, _ = fracfact_aliasing(_fraction(len(factors), design.resolution))
    groups = []
    for chain in chains:
        effects = [e for e in chain.split(" = ") if 1 <= len(e) <= 2 and set(e) <= set(names)]
        if len(effects) > 1:
            groups.append(" = ".join(":".join(names[letter] for letter in e) for e in effects))
    return groups


def listed_entries(factors: tuple[Factor, ...], design: Design) -> Iterator[PointPair]:
    """Use the entries as they are, each contrasted with the entry it starts from."""
    del factors
    points = {BASELINE.name: BASELINE}
    for entry in design.entries:
        start = points[entry.start or BASELINE.name]
        point = Point({}, entry.name, {**start.sets, **entry.sets})
        points[entry.name] = point
        yield point, start


DESIGNS: dict[str, Callable[[tuple[Factor, ...], Design], Iterator[PointPair]]] = {
    "one_at_a_time": one_at_a_time,
    "leave_one_out": leave_one_out,
    "ladder": ladder,
    "factorial": factorial,
    "fractional": fractional,
    "list": listed_entries,
}


# The other designs have at most one point per level, beside that of their reference.
_COUNTS: dict[str, Callable[[tuple[Factor, ...], Design], int]] = {
    "factorial": lambda factors, _: prod(len(factor.levels) for factor in factors),
    "fractional": lambda factors, design: len(_fraction(len(factors), design.resolution)),
    "list": lambda _, design: len(design.entries),
}


def count_points(study: Study) -> int:
    """Count the points that the designs of a study have at most, without generating them."""
    return sum(
        _COUNTS.get(design.kind, _count_levels)(design_factors(study, design), design)
        for design in study.designs
    )


def crosses_baseline(study: Study) -> bool:
    """Return whether the baseline is certain to be a point of a factorial of the study."""
    crossed = (design_factors(study, d) for d in study.designs if d.kind == "factorial")
    return any(
        all(any(_is_home(study, level) for level in factor.levels) for factor in factors)
        for factors in crossed
    )


def _is_home(study: Study, level: Level) -> bool:
    return all(value_at(study.baseline, key) == value for key, value in level.sets.items())


def _count_levels(factors: tuple[Factor, ...], design: Design) -> int:
    del design
    return 1 + sum(len(factor.levels) for factor in factors)


def design_points(study: Study, design: Design) -> Iterator[PointPair]:
    """Generate the points of a design over the factors that it names, or else over all factors."""
    yield from DESIGNS[design.kind](design_factors(study, design), design)


def design_factors(study: Study, design: Design) -> tuple[Factor, ...]:
    """Return the factors of a design in its order: those that it names, or else all."""
    factors = {factor.name: factor for factor in study.factors}
    return tuple(factors[name] for name in design.factors or factors)


def _fraction(count: int, resolution: int) -> Any:
    from pyDOE3 import fracfact, fracfact_by_res  # noqa: PLC0415 - as above

    if count > _MOST_FRACTIONAL:
        what = f"{count} factors are too many: at most {_MOST_FRACTIONAL}."
        raise UserError("design.fractional", what, "Name fewer factors.")
    if count == resolution:
        # The half fraction, which fracfact_by_res misses: the last factor is all others' product.
        others = "abcdefghij"[: count - 1]
        return fracfact(f"{' '.join(others)} {others}")
    try:
        return fracfact_by_res(count, resolution)
    except ValueError:
        raise UserError(
            "design.fractional",
            f"no fraction of resolution {resolution} has as few factors as {count}.",
            "Use factorial, or a lower resolution.",
        ) from None
