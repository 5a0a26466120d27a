"""What the seeds and the test images of a planned study can show."""

from pydantic import Field

from cnn_ablate.schema.values import Frozen


class PlannedContrasts(Frozen):
    """The contrasts of a family that have equally many seeds, and what these can show."""

    family: str = Field(description="`primary` or `exploratory`.")
    contrasts: int
    seeds: int
    method: str = Field(description="How they are tested; empty with fewer than 3 seeds.")
    smallest_p: float | None = Field(
        description="The smallest adjusted p that sign flips allow; null for t tests."
    )
    half_width: float | None = Field(
        description="Expected half-width, at the last look, in standard deviations of pairs."
    )
    smallest_effect: float | None = Field(
        description="The smallest effect that is found with 80 % power, in the same unit."
    )


class PlannedLooks(Frozen):
    """The looks of a study, and its trials if the first one closes all contrasts, or none does."""

    seeds: tuple[int, ...]
    fewest_trials: int
    most_trials: int


class PlannedImages(Frozen):
    """A number of test images, and what one of them is of an accuracy, in points."""

    images: int
    points: float


class PowerAnalysis(Frozen):
    """What the seeds and the test images of a study can show, and the hash of what it states."""

    contrasts: tuple[PlannedContrasts, ...]
    looks: PlannedLooks | None
    test_images: tuple[PlannedImages, ...] = Field(description="If effects are in accuracy.")
    preregistration_hash: str = Field(
        description="SHA-256 of claims, all settings, seeds, how contrasts are tested, and metric."
    )
