"""The pairs of points that the designs of a study compare."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from cnn_ablate.audit.subject import Subject
from cnn_ablate.errors import UserError
from cnn_ablate.plan.designs import Point, design_factors, design_points, leave_one_out
from cnn_ablate.schema import (
    Design,
    Factor,
    Level,
    Overrides,
    Settings,
    Study,
    canonical,
    label,
    value_at,
    with_overrides,
)
from cnn_ablate.settings import entry_of, resolve


@dataclass(frozen=True)
class Side:
    """A point of a design with its settings; None if these exclude each other."""

    study: Study
    point: Point
    settings: Settings | None

    @property
    def key(self) -> str:
        """Its settings as text; equal settings have equal keys."""
        return canonical(self.settings)

    def value(self, key: str) -> Any:
        """Return the value of a dotted key: resolved, else as written, else the default."""
        resolved = value_at(self.settings or {}, key)
        return self._written(key) if resolved is None else resolved

    def level(self, factor: Factor) -> str:
        """Return the label of the level of a factor that this point has."""
        if factor.name in self.point.levels:
            return self.point.levels[factor.name].label
        for has_level in (self._sets, self._resolves_to):
            for level in factor.levels:
                if has_level(level):
                    return level.label
        if factor.bundle:
            return "baseline"
        value = self.value(factor.name)
        return "unset" if value is None else label(value)

    def _written(self, key: str) -> Any:
        section, _, knob = key.partition(".")
        written = self.point.sets.get(key, value_at(self.study.written, key))
        if written is not None or self.settings is None:
            return written
        entry = entry_of(section, value_at(self.settings, f"{section}.name", ""))
        field = entry.model_fields.get(knob)
        return field and field.default

    def _sets(self, level: Level) -> bool:
        return all(self._written(key) == value for key, value in level.sets.items())

    def _resolves_to(self, level: Level) -> bool:
        return self.settings == try_resolve(self.study, {**self.point.sets, **level.sets})


@dataclass(frozen=True)
class ComparedPair:
    """Two points that a design compares.

    `factors` are those in which they differ, `levels` their levels of these factors. A pair is
    `direct` if one point is the reference of the other; else both have the same reference.
    """

    design: Design
    factors: tuple[str, ...]
    sides: tuple[Side, Side]
    levels: tuple[str, str]
    direct: bool

    @property
    def keys(self) -> tuple[str, str]:
        """The settings of both sides as text."""
        return self.sides[0].key, self.sides[1].key

    @property
    def changed(self) -> dict[str, tuple[Any, Any]]:
        """The dotted keys that a side sets and in which the sides differ, with both values."""
        first, second = self.sides
        keys = dict.fromkeys([*first.point.sets, *second.point.sets])
        values = {key: (first.value(key), second.value(key)) for key in keys}
        return {key: pair for key, pair in values.items() if pair[0] != pair[1]}


def compared_pairs(subject: Subject) -> list[ComparedPair]:
    """Return all pairs of a study; their order depends only on its factors and designs."""
    return [
        pair for design in subject.study.designs for pair in _DesignPairs(subject.study, design)
    ]


class _DesignPairs:
    """The pairs of one design: each point with its reference, and with its siblings.

    Siblings have the same reference and change the same factors: of three levels, each is compared
    with both others, although only one of them is the reference.
    """

    def __init__(self, study: Study, design: Design) -> None:
        self.study = study
        self.design = design
        self.factors = {factor.name: factor for factor in study.factors}

    def __iter__(self) -> Iterator[ComparedPair]:
        siblings: defaultdict[tuple[Any, ...], list[Point]] = defaultdict(list)
        for point, reference in self.steps():
            yield self.pair(reference, point, direct=True)
            siblings[reference.key, *self.changed(point, reference)].append(point)
        for points in siblings.values():
            for first, second in combinations(points, 2):
                yield self.pair(first, second, direct=False)

    def steps(self) -> list[tuple[Point, Point]]:
        """Return each point with its reference; for a fraction, each factor changed by itself."""
        if self.design.kind == "fractional":
            points = leave_one_out(design_factors(self.study, self.design), self.design)
        else:
            points = design_points(self.study, self.design)
        return [(point, reference) for point, reference in points if reference]

    def pair(self, first: Point, second: Point, *, direct: bool) -> ComparedPair:
        factors = [name for name in self.changed(second, first) if name in self.factors]
        sides = (self.side(first), self.side(second))
        levels = [", ".join(side.level(self.factors[n]) for n in factors) for side in sides]
        levels = levels if factors else [side.point.name for side in sides]
        return ComparedPair(self.design, tuple(factors), sides, (levels[0], levels[1]), direct)

    def changed(self, point: Point, reference: Point) -> tuple[str, ...]:
        """Return the factors that a point changes, or in a `list` the keys."""
        levels = [n for n, level in point.levels.items() if reference.levels.get(n) != level]
        sets = [k for k, value in point.sets.items() if reference.sets.get(k) != value]
        return tuple(levels or sets)

    def side(self, point: Point) -> Side:
        return Side(self.study, point, try_resolve(self.study, point.sets))


def try_resolve(study: Study, sets: Overrides) -> dict[str, dict[str, Any]] | None:
    """Return the baseline resolved with some keys replaced; None if they exclude each other."""
    try:
        return resolve(with_overrides(study.written, {**sets, **study.fixed}))
    except UserError:
        return None
