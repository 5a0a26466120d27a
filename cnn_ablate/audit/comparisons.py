"""What a study compares: every pair of points that a design sets against each other."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from cnn_ablate.audit.subject import Subject
from cnn_ablate.errors import UserError
from cnn_ablate.plan.designs import Point, chosen, leave_one_out, steps
from cnn_ablate.schema import (
    Design,
    Factor,
    Level,
    Overrides,
    Settings,
    Study,
    canonical,
    label,
    looked_up,
    replaced,
)
from cnn_ablate.settings import entry_of, resolve


@dataclass(frozen=True)
class Side:
    """A point of a study, and what its settings come to; None if they cannot go together."""

    study: Study
    point: Point
    settings: Settings | None

    @property
    def text(self) -> str:
        """Its settings as text, to compare them."""
        return canonical(self.settings)

    def value(self, key: str) -> Any:
        """Give the value of a dotted key: as it was settled, or as it was set, or by default."""
        settled = looked_up(self.settings or {}, key)
        return self._written(key) if settled is None else settled

    def label(self, factor: Factor) -> str:
        """Name the level of a factor at which it sits."""
        if factor.name in self.point.levels:
            return self.point.levels[factor.name].label
        for is_at in (self._sets, self._comes_to):
            for level in factor.levels:
                if is_at(level):
                    return level.label
        if factor.bundle:
            return "baseline"
        value = self.value(factor.name)
        return "unset" if value is None else label(value)

    def _written(self, key: str) -> Any:
        section, _, knob = key.partition(".")
        written = self.point.sets.get(key, looked_up(self.study.written, key))
        if written is not None or self.settings is None:
            return written
        entry = entry_of(section, looked_up(self.settings, f"{section}.name", ""))
        field = entry.model_fields.get(knob)
        return field and field.default

    def _sets(self, level: Level) -> bool:
        return all(self._written(key) == value for key, value in level.sets.items())

    def _comes_to(self, level: Level) -> bool:
        return self.settings == settled(self.study, {**self.point.sets, **level.sets})


@dataclass(frozen=True)
class Comparison:
    """Two points of a design; `direct` if one is the other's reference, else both have the same."""

    design: Design
    names: tuple[str, ...]
    sides: tuple[Side, Side]
    labels: tuple[str, str]
    direct: bool

    @property
    def texts(self) -> tuple[str, str]:
        """The settings of both sides as text."""
        return self.sides[0].text, self.sides[1].text

    @property
    def moved(self) -> dict[str, tuple[Any, Any]]:
        """The keys that one of them sets and in which they differ, with both values."""
        one, other = self.sides
        keys = dict.fromkeys([*one.point.sets, *other.point.sets])
        values = {key: (one.value(key), other.value(key)) for key in keys}
        return {key: pair for key, pair in values.items() if pair[0] != pair[1]}


def comparisons(subject: Subject) -> list[Comparison]:
    """List what a study compares, in an order that depends on its factors and designs alone."""
    return [
        pair for design in subject.study.designs for pair in _Pairs(subject.study, design).all()
    ]


class _Pairs:
    """The comparisons of one design: each point with its reference, and with its siblings.

    Siblings have one reference and move the same factors: of three levels each is compared with
    both others, although only one of them is the reference.
    """

    def __init__(self, study: Study, design: Design) -> None:
        self.study = study
        self.design = design
        self.factors = {factor.name: factor for factor in study.factors}

    def all(self) -> Iterator[Comparison]:
        families: defaultdict[tuple[Any, ...], list[Point]] = defaultdict(list)
        for point, reference in self.steps():
            yield self.pair(reference, point, direct=True)
            families[reference.key, *self.moved(point, reference)].append(point)
        for points in families.values():
            for one, other in combinations(points, 2):
                yield self.pair(one, other, direct=False)

    def steps(self) -> list[tuple[Point, Point]]:
        """Give each point with its reference; a fraction's factors are moved one by one."""
        if self.design.kind == "fractional":
            taken = leave_one_out(chosen(self.study, self.design), self.design)
        else:
            taken = steps(self.study, self.design)
        return [(point, reference) for point, reference in taken if reference]

    def pair(self, one: Point, other: Point, *, direct: bool) -> Comparison:
        names = [name for name in self.moved(other, one) if name in self.factors]
        sides = (self.side(one), self.side(other))
        labels = [", ".join(side.label(self.factors[n]) for n in names) for side in sides]
        labels = labels if names else [side.point.name for side in sides]
        return Comparison(self.design, tuple(names), sides, (labels[0], labels[1]), direct)

    def moved(self, point: Point, reference: Point) -> tuple[str, ...]:
        """Name the factors that a point moves, or (in a list) the keys."""
        levels = [n for n, level in point.levels.items() if reference.levels.get(n) != level]
        sets = [k for k, value in point.sets.items() if reference.sets.get(k) != value]
        return tuple(levels or sets)

    def side(self, point: Point) -> Side:
        return Side(self.study, point, settled(self.study, point.sets))


def settled(study: Study, sets: Overrides) -> dict[str, dict[str, Any]] | None:
    """Settle a study's baseline with some keys replaced; None if they cannot go together."""
    try:
        return resolve(replaced(study.written, {**sets, **study.fixed}))
    except UserError:
        return None
