"""The facts of a data set: its shape, its classes, and how many images are for what."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

from pydantic import Field

from cnn_ablate.schema.values import SOURCE_KEY, Frozen, label

# The settings that locate pictures of the user's own, by the name of the data set.
_PLACES = {"image_folder": "path", "image_table": "table"}


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


def data_set_name(section: Mapping[str, Any]) -> str:
    """Return the name of the data set of a `data` section: `cifar10`, its folder, or its class.

    The user's own pictures are named by their folder or table, user-defined data sets by the class.
    """
    name = str(section.get("name", ""))
    place = PurePath(str(section.get(_PLACES.get(name, ""), "")))
    return place.name or name.rpartition(":")[2]


def data_set_names(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the name of each data set by its fingerprint, from a `data` section of each.

    Equal names are told apart by the settings that differ: `pets (image_size 64)`.
    """
    names = {}
    for key, section in sections.items():
        name = data_set_name(section)
        others = [other for other in sections.values() if data_set_name(other) == name]
        shown = [k for k in section if k != SOURCE_KEY]
        moved = [k for k in shown if any(o.get(k) != section[k] for o in others)]
        settings = ", ".join(f"{k} {label(section[k])}" for k in moved)
        names[key] = f"{name} ({settings})" if settings else name
    return names
