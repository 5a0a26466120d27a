"""The facts of a data set: its shape, its classes, and how many images are for what."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import Field

from cnn_ablate.schema.values import Frozen


class Counts(NamedTuple):
    """Numbers of training, validation and test images."""

    train: int
    val: int
    test: int


def split_varies(section: Mapping[str, Any]) -> bool:
    """Return whether the training images of a `data` section vary with the seed."""
    return bool(section.get("split_seeds")) or section.get("val_split") == "folds"


class DataFacts(Frozen):
    """A data set as it was used."""

    name: str
    fingerprint: str
    classes: tuple[str, ...]
    shape: tuple[int, int, int] = Field(description="Channels, height, width.")
    train: int
    test: int
    val: int = Field(
        0,
        exclude_if=lambda images: not images,
        description="Images of a folder of their own for validation.",
    )
    left_out: int = Field(
        0,
        exclude_if=lambda images: not images,
        description="Images that cannot be read, and were left out.",
    )
    note: str = ""

    @property
    def has_published_images(self) -> bool:
        """Whether its test images are those that others publish numbers on, or copies of them."""
        return not self.note or self.note.startswith("JPEG copies")

    def counts(self, section: Mapping[str, Any]) -> Counts:
        """Count the images that a `data` section of a study uses of this data set."""
        kept = min(section.get("subset") or self.train, self.train)
        held_out = round(kept * section.get("val_fraction", 0.0))
        test = min(section.get("test_subset") or self.test, self.test)
        return Counts(kept - held_out, held_out or self.val, test)
