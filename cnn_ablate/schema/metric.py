"""A metric as a value: its name, its unit, and which direction is better."""

from typing import Literal

from pydantic import Field

from cnn_ablate.schema.values import Frozen

Better = Literal["higher", "lower"]

FRACTION = "fraction"
"""The unit of metrics between 0 and 1: shown in per cent, and their differences in points."""


class Metric(Frozen):
    """A metric: what effects, sentences, decisions and figures follow.

    Values are as in results.csv. Differences are `scale` times as large: in percentage points for
    fractions, else in the metric's own unit.
    """

    name: str = Field(description="Its column in results.csv.")
    label: str = Field(description="Its name in sentences and figures: `test accuracy`.")
    better: Better | None = Field(
        "higher", description="Direction in which it improves; None if neither is better."
    )
    unit: str = Field(
        "", description="`fraction`, or the unit of its values: `nats`; empty without a unit."
    )
    margin: float | None = Field(
        None,
        gt=0,
        description="Differences within it count as none, in their unit; None: none is negligible.",
    )
    lowest: float = Field(0.0, description="The least that a fraction can be; the most is 1.")

    @property
    def is_fraction(self) -> bool:
        """Whether it is shown in per cent, and its differences in percentage points."""
        return self.unit == FRACTION

    @property
    def scale(self) -> float:
        """The factor from its values to the unit of its differences: 100 for fractions."""
        return 100.0 if self.is_fraction else 1.0

    @property
    def value_unit(self) -> str:
        """The unit in which values are shown: `per cent`, `nats`, or empty."""
        return "per cent" if self.is_fraction else self.unit

    @property
    def difference_unit(self) -> str:
        """The unit in which differences are shown: `percentage points`, `nats`, or empty."""
        return "percentage points" if self.is_fraction else self.unit

    @property
    def value_label(self) -> str:
        """The label of an axis of its values: `test accuracy, per cent`."""
        return f"{self.label}, {self.value_unit}".removesuffix(", ")

    @property
    def difference_label(self) -> str:
        """The label of an axis of its differences: `difference in nll, nats`."""
        return f"difference in {self.label}, {self.difference_unit}".removesuffix(", ")

    @property
    def column_name(self) -> str:
        """Its title as a column of a table: `accuracy` for the test accuracy."""
        return "accuracy" if self.name == "test_accuracy" else self.label

    @property
    def value_heading(self) -> str:
        """The heading of its values in a table: `Accuracy (%)`."""
        name, unit = self.column_name, "%" if self.is_fraction else self.unit
        return f"{name[:1].upper()}{name[1:]}{f' ({unit})' if unit else ''}"

    @property
    def effect_heading(self) -> str:
        """The heading of effects in a table: `Effect (points)`."""
        return f"Effect{f' ({self.effect_unit})' if self.effect_unit else ''}"

    @property
    def effect_unit(self) -> str:
        """The unit of effects in a table: `points`, or its own."""
        return "points" if self.is_fraction else self.unit

    def improves(self, difference: float) -> bool | None:
        """Return whether a difference is one for the better; None if that is not defined."""
        if self.better is None or difference == 0:
            return None
        return (difference > 0) == (self.better == "higher")


TEST_ACCURACY = Metric(name="test_accuracy", label="test accuracy", unit=FRACTION, margin=1.0)
"""The metric of studies that name none: differences within one point count as none."""
