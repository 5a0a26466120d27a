"""What every data set has in common: its knobs, and how it is found on this machine."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Int64

from cnn_ablate.data import paths
from cnn_ablate.data.augment.spec import Augments
from cnn_ablate.data.normalize import NORMALIZATIONS, Normalize
from cnn_ablate.errors import UserError
from cnn_ablate.options import Options, knob

# Told (file, bytes that are here, bytes in all) while a file of a data set comes.
Arriving = Callable[[str, int, int], None]


def unseen(file: str, here: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Form:
    """What a network must know of a data set: (channels, height, width), and the classes."""

    shape: tuple[int, int, int]
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """The training or the test images: labels, and uint8 images (n, c, h, w) chunk by chunk."""

    labels: Int64[np.ndarray, " n"]
    chunks: Iterable[np.ndarray]


@dataclass(frozen=True)
class Source:
    """A data set found on this machine.

    `files` are those whose change makes a cache stale; without any, nothing is cached. `divided`
    says how they were divided into training and test images, if the files do not.
    `read` gives the training and the test images, and may raise UserError.
    """

    name: str
    form: Form
    files: tuple[Path, ...]
    read: Callable[[], tuple[Part, Part]]
    note: str = ""
    divided: str = ""


class DataSet(Options):
    """The knobs that every data set has."""

    name: ClassVar[str]
    layout: ClassVar[str]
    # Training and test images; None where the files alone can tell.
    sizes: ClassVar[tuple[int, int] | None] = None

    augment: Augments = knob((), "Augmentations of the training images, in their order.")
    normalize: Normalize = knob(
        NORMALIZATIONS["none"],
        "Mean and deviation that pixels are normalised by: a name, or numbers.",
    )
    subset: int | None = knob(
        None, "Train on at most this many images, the classes in balance.", gt=0
    )
    test_subset: int | None = knob(
        None, "Test on at most this many images, the classes in balance.", gt=0
    )
    val_fraction: float = knob(
        0.0, "Part of the training images that validates instead.", ge=0, lt=1
    )
    val_split: Literal["stratified", "random", "tail"] = knob(
        "stratified", "Which images validate: alike in every class, any, or the last in file order."
    )
    shuffle: bool = knob(True, "Draw a new order of the training images for every epoch.")

    def settings(self) -> dict[str, Any]:
        """Give the knobs that matter: how to split does not where nothing is split off."""
        values = super().settings()
        return values if self.val_fraction else {k: values[k] for k in values if k != "val_split"}

    def form(self, root: Path | None = None) -> Form:
        """Give the shape and classes; raises UserError if only the missing images could tell."""
        return self.find(root).form

    def find(self, root: Path | None = None) -> Source:
        """Look for the data set in `root` and the other places; raises UserError."""
        searched = self.search_paths(root)
        for place in searched:
            if source := self.find_in(place):
                return source
        where = " and ".join(filter(None, (", ".join(map(str, searched[:-1])), str(searched[-1]))))
        raise UserError(
            f"data set {self.name}",
            f"not found: looked for {self.wanted()} in {where}.",
            self.advice(searched[0]),
        )

    def search_paths(self, root: Path | None = None) -> tuple[Path, ...]:
        """Give the folders in which it is looked for, in order."""
        return paths.roots(root)

    @abstractmethod
    def find_in(self, place: Path) -> Source | None:
        """Look for the data set in one data root."""

    def wanted(self) -> str:
        """Name the files that are looked for, relative to a data root."""
        return self.layout

    def advice(self, root: Path) -> str:
        """Say how the data set can be had."""
        return f"Get it with `cnn-ablate data fetch {self.name} --data {root}`."

    def fetch(
        self,
        root: Path | None = None,
        *,
        mirrors: tuple[str, ...] = (),  # noqa: ARG002 - for those that can be downloaded
        progress: Arriving = unseen,  # noqa: ARG002
    ) -> Path:
        """Download the data set into `root` and give the folder it is in; raises UserError.

        Args:
            root: The data root; the first of the usual ones unless given.
            mirrors: Addresses of folders to look for its files in before their publishers'.
            progress: Told of the bytes that arrive.
        """
        where = paths.roots(root)[0]
        raise UserError(f"data set {self.name}", "cannot be downloaded.", self.advice(where))


class KnownDataSet(DataSet):
    """A data set of which all but the images is known without its files."""

    shape: ClassVar[tuple[int, int, int]]
    classes: ClassVar[tuple[str, ...]]

    def form(self, root: Path | None = None) -> Form:  # noqa: ARG002 - the same everywhere
        """Give the shape and classes."""
        return Form(self.shape, self.classes)
