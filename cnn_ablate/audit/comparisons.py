"""What a study compares: every pair of points that a design sets against each other."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from cnn_ablate.audit.subject import Subject, canonical
from cnn_ablate.errors import UserError
from cnn_ablate.plan.designs import Point, Step, leave_one_out, chosen, steps
from cnn_ablate.schema import Design, Factor, Level, Overrides, Settings, Study, label, looked_up
from cnn_ablate.schema import replaced
from cnn_ablate.settings import settle


@dataclass(frozen=True)
class Side:
    """A point of a study: what it sets, and what that comes to (None if it cannot go together)."""

    point: Point
    sets: Overrides
    settings: dict[str, dict[str, Any]] | None


@dataclass(frozen=True)
class Comparison:
    """Two points of a design, and the factors (or keys) in which they differ."""

    design: Design
    factors: tuple[str, ...]
    sides: tuple[Side, Side]
    labels: tuple[str, str]


def comparisons(subject: Subject) -> list[Comparison]:
    """List what a study compares, in an order that depends on its factors and designs alone."""
    return [pair for design in subject.study.designs for pair in _Pairs(subject, design).all()]


class _Pairs:
    """The comparisons of one design: each point with its reference, and with its siblings.

    Siblings have one reference and move the same factors: a level of three is compared with both
    others, although only one of these is the reference.
    """

    def __init__(self, subject: Subject, design: Design) -> None:
        self.study = subject.study
        self.design = design
        self.factors = {factor.name: factor for factor in subject.study.factors}
