"""The base class of data sets: the knobs they share, and the search for their files."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Int64
from pydantic import model_validator

from cnn_ablate.data import paths
from cnn_ablate.data.augment.spec import Augments
from cnn_ablate.data.image_files import BrokenFile, Resize
from cnn_ablate.data.normalize import NORMALIZATIONS, Normalize
from cnn_ablate.errors import UserError
from cnn_ablate.options import Options, knob

# Called with the file's name, the bytes downloaded and the bytes in all.
OnDownload = Callable[[str, int, int], None]
# How far the sum of the folds may be from all images: 0.333 is a third.
_ROUNDING = 0.005


def ignore_progress(file: str, downloaded: int, total: int) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class DataSpec:
    """The shape of the images, (channels, height, width), and the class names."""

    shape: tuple[int, int, int]
    classes: tuple[str, ...]


@dataclass(frozen=True)
class RawSplit:
    """The training or the test images: labels, and chunks of uint8 images (n, c, h, w).

    `names` are the files of the images, relative to the folder of the data set, if each has one.
    `broken` are those that cannot be read, known once all chunks were used; they have a label and a
    name, but no image. The last `val` of the training images are for validation only.
    """

    labels: Int64[np.ndarray, " n"]
    chunks: Iterable[np.ndarray]
    names: tuple[str, ...] = ()
    broken: list[BrokenFile] = field(default_factory=list)
    val: int = 0

    @property
    def whole(self) -> "RawSplit":
        """The same without the images that are broken."""
        lost = {file.place for file in self.broken}
        names = tuple(name for place, name in enumerate(self.names) if place not in lost)
        first_val = len(self.labels) - self.val
        val = self.val - sum(place >= first_val for place in lost)
        labels = np.delete(self.labels, sorted(lost))
        return replace(self, labels=labels, names=names, broken=[], val=val)


@dataclass(frozen=True)
class FoundData:
    """A data set found on this machine, not yet read.

    Attributes:
        name: Of the data set.
        spec: Shape and classes.
        files: A change of any of them invalidates the cache; without any, nothing is cached.
        read: Returns the training and the test images; raises UserError.
        note: What a reader of results should know of the images.
        divided: How they were divided into training and test images, if not by the files.
        skip_broken: Leave out images that cannot be read; else they are an error.
        resize: How images of other sizes are fitted to the shape.
        has_val: Whether a folder of its own is for validation.
    """

    name: str
    spec: DataSpec
    files: tuple[Path, ...]
    read: Callable[[], tuple[RawSplit, RawSplit]]
    note: str = ""
    divided: str = ""
    skip_broken: bool = False
    resize: Resize = "crop"
    has_val: bool = False


class DataSet(Options):
    """The knobs that all data sets share."""

    name: ClassVar[str]
    file_layout: ClassVar[str]
    # Whether its files may hold images for validation.
    may_have_val: ClassVar[bool] = False
    # Numbers of training and test images; None if only the files tell.
    sizes: ClassVar[tuple[int, int] | None] = None

    augment: Augments = knob((), "Augmentations of the training images, in order.")
    normalize: Normalize = knob(
        NORMALIZATIONS["none"],
        "Mean and standard deviation for normalising pixels: a name, numbers, or training, for "
        "those of the images that a trial trains on.",
    )
    subset: int | None = knob(
        None, "Train on at most this many images, balanced over the classes.", gt=0
    )
    test_subset: int | None = knob(
        None, "Test on at most this many images, balanced over the classes.", gt=0
    )
    val_fraction: float = knob(
        0.0, "Fraction of the training images that is held out for validation.", ge=0, lt=1
    )
    val_split: Literal["stratified", "random", "tail", "folds"] = knob(
        "stratified",
        "Which images validate: the same fraction per class, any, the last in file order, or "
        "folds: those of seed 0, 1, ... are the parts of one division, alike in all variants.",
    )
    shuffle: bool = knob(True, "Reshuffle the training images every epoch.")
    sampling: Literal["uniform", "balanced"] = knob(
        "uniform",
        "What an epoch draws: every training image once, or as many in all, of each class equally "
        "many.",
        needs={"shuffle": (True,)},
        added_later=True,
    )
    split_seeds: bool = knob(
        False,
        "Choose the training and validation images anew per seed, alike in all variants, or divide "
        "them anew once all folds had their turn; the test images stay.",
        added_later=True,
    )

    def settings(self) -> dict[str, Any]:
        """Return the knobs that matter; those of a choice of images only where there is one."""
        inert = {"val_split"} if not self.val_fraction else set[str]()
        draws_val = self.val_fraction and self.val_split != "tail"
        inert |= {"split_seeds"} if self.subset is None and not draws_val else set()
        return {name: value for name, value in super().settings().items() if name not in inert}

    @property
    def folds(self) -> int:
        """The number of parts that validate in turn; 1 if all trials validate on the same one."""
        in_turn = self.val_fraction > 0 and self.val_split == "folds"
        return round(1 / self.val_fraction) if in_turn else 1

    @model_validator(mode="after")
    def _folds_are_equal(self) -> "DataSet":
        rest = 1 - self.folds * self.val_fraction
        uneven = self.folds == 1 or abs(rest) > _ROUNDING
        if self.val_split == "folds" and self.val_fraction > 0 and uneven:
            raise ValueError(
                "folds need a val_fraction of one over their number: 0.5, 0.333, 0.25, 0.2"
            )
        return self

    @property
    def draws_balanced(self) -> bool:
        """Whether every class is drawn equally often."""
        return self.shuffle and self.sampling == "balanced"

    def spec(self, root: Path | None = None) -> DataSpec:
        """Return shape and classes; raises UserError if only the missing images tell them."""
        return self.find(root).spec

    def find(self, root: Path | None = None) -> FoundData:
        """Search the data set in `root` and the usual data roots; raises UserError."""
        roots = self.search_roots(root)
        for each in roots:
            if found := self.find_in(each):
                return found
        where = " and ".join(filter(None, (", ".join(map(str, roots[:-1])), str(roots[-1]))))
        raise UserError(
            f"data set {self.name}",
            f"not found: looked for {self.expected_files()} in {where}.",
            self.install_hint(roots[0]),
        )

    def search_roots(self, root: Path | None = None) -> tuple[Path, ...]:
        """Return the folders to search, in order."""
        return paths.data_roots(root)

    @abstractmethod
    def find_in(self, root: Path) -> FoundData | None:
        """Search the data set in one data root."""

    def expected_files(self) -> str:
        """Return the pattern of the data set's files, relative to a data root."""
        return self.file_layout

    def install_hint(self, root: Path) -> str:
        """Return a sentence on how to get the data set."""
        return f"Get it with `cnn-ablate data fetch {self.name} --data {root}`."

    def fetch(
        self,
        root: Path | None = None,
        *,
        mirrors: tuple[str, ...] = (),  # noqa: ARG002 - for those that can be downloaded
        progress: OnDownload = ignore_progress,  # noqa: ARG002
    ) -> Path:
        """Download the data set and return its folder; raises UserError.

        Args:
            root: The data root to download into; default: the first of the usual ones.
            mirrors: Base URLs to try before those of the publishers.
            progress: Called as bytes arrive.
        """
        where = paths.data_roots(root)[0]
        raise UserError(f"data set {self.name}", "cannot be downloaded.", self.install_hint(where))


class KnownDataSet(DataSet):
    """A data set whose shape and classes are known without its files."""

    shape: ClassVar[tuple[int, int, int]]
    classes: ClassVar[tuple[str, ...]]

    def spec(self, root: Path | None = None) -> DataSpec:  # noqa: ARG002 - the same everywhere
        """Return shape and classes."""
        return DataSpec(self.shape, self.classes)
