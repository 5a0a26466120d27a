"""Checks of numbers that something else has measured."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from cnn_ablate.errors import UserError
from cnn_ablate.metrics import KNOWN_METRICS
from cnn_ablate.schema import ComputeConfig, Metric, Metrics, Study
from cnn_ablate.text import listed

RESERVED_COLUMNS = {
    *("study", "profile", "trial", "variant", "seed", "status", "precision", "torch", "started"),
    *("error", *ComputeConfig.model_fields),
}
"""Columns of results.csv that are no metrics."""


class DivergedError(Exception):
    """A metric is not a finite number: the training ended, and has no result."""


@dataclass(frozen=True)
class ExpectedMetrics:
    """The metrics that a study needs of each trial, and those that it describes."""

    needed: tuple[str, ...]
    declared: Mapping[str, Metric]

    @classmethod
    def of(cls, study: Study) -> "ExpectedMetrics":
        """Return the metrics of a study."""
        needed = (study.metric.name, *(metric.name for metric in study.also))
        return cls(needed, study.declared_metrics)

    def check(
        self, place: str, values: Mapping[str, float], computed: Collection[str] = ()
    ) -> Metrics:
        """Return numbers as the metrics of a trial.

        Args:
            place: Of the numbers, for messages.
            values: By name.
            computed: Metrics that need not be there, as the program computes them.

        Raises:
            UserError: one is missing, or cannot be what its name says; it is at the place.
            DivergedError: one is not finite.
        """
        for name, value in values.items():
            if name in RESERVED_COLUMNS or not name:
                raise UserError(place, f"'{name}' cannot be the name of a metric.", "Rename it.")
            if not math.isfinite(value):
                raise DivergedError(f"{place}: {name} is {value}.")
            self._check_fraction(place, name, value)
        self._check_needed(place, values, computed)
        return _metrics(place, values)

    def is_fraction(self, name: str) -> bool:
        """Return whether a metric is between 0 and 1, by its name or by the study."""
        if name in KNOWN_METRICS:
            return KNOWN_METRICS[name].metric.is_fraction
        return name in self.declared and self.declared[name].is_fraction

    def _check_fraction(self, place: str, name: str, value: float) -> None:
        if self.is_fraction(name) and not 0 <= value <= 1:
            hint = f"{value:g} looks like per cent; write {value / 100:g}." if value > 1 else ""
            raise UserError(place, f"{name} is {value:g}; it is a fraction, from 0 to 1.", hint)

    def _check_needed(self, place: str, names: Collection[str], computed: Collection[str]) -> None:
        missing = [name for name in self.needed if name not in names and name not in computed]
        if missing:
            found = f"There is {listed(names)}." if names else ""
            what = f"the metric '{missing[0]}' of the study is missing."
            raise UserError(place, what, found)


def _metrics(place: str, values: Mapping[str, float]) -> Metrics:
    try:
        return Metrics.model_validate({name: _whole(name, v) for name, v in values.items()})
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        what = f"{name}: expected a whole number, got {values[name]:g}."
        raise UserError(place, what) from None


def _whole(name: str, value: float) -> float:
    """Return a whole number as an integer, if the metric is a count."""
    field = Metrics.model_fields.get(name)
    is_count = field is not None and field.annotation in (int, int | None)
    return int(value) if is_count and float(value).is_integer() else value
