"""User-defined data sets, named `package.module:Name`; the arguments of `Name` are the knobs.

`Name` is a class, or a function that returns an object: a map-style torch data set whose items
are pairs of an image and a class number. It is called twice, with its knobs by keyword and with
`train` (True, False) or else `split` ("train", "test"); and with `root`, the data root, if its
signature has it.
"""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from torch.utils.data import Dataset

from cnn_ablate.custom import OpenPackages, UserOptions, options_from_signature
from cnn_ablate.data.dataset_options import DataSet, DataSpec, FoundData, RawSplit
from cnn_ablate.data.torch_dataset import MapDataset, read_item, read_items
from cnn_ablate.errors import UserError
from cnn_ablate.text import some

# The argument that chooses between training and test images, and its values for the two.
_HALVES: dict[str, tuple[Any, Any]] = {"train": (True, False), "split": ("train", "test")}


class UserDataSet(UserOptions, DataSet):
    """The knobs of a user-defined data set, beside those that all data sets share."""

    provides: ClassVar[tuple[str, ...]] = ("root", *_HALVES)
    open_packages: ClassVar[OpenPackages] = {"torchvision.datasets": Dataset}

    def find_in(self, root: Path) -> FoundData:
        """Open the training images and read the first; the others are read by `read`."""
        train = self._open(root, 0)
        first, _ = self.call_user_code("its first item cannot be read", read_item, train, 0)
        spec = DataSpec(first.shape, self._classes(train))
        return FoundData(
            self.name,
            spec,
            files=(),
            read=lambda: (
                self._read(train, spec, "training"),
                self._read(self._open(root, 1), spec, "test"),
            ),
        )

    def _open(self, root: Path, half: int) -> MapDataset:
        """Call the user's class or function, for the training (0) or the test images (1)."""
        arguments = {name: values[half] for name, values in _HALVES.items()}
        dataset = self.instantiate(root=root, **arguments)
        if not isinstance(dataset, MapDataset):
            kind = type(dataset).__name__
            raise UserError(self.name, f"returns {kind}, not a data set with a length and items.")
        return dataset

    def _classes(self, train: MapDataset) -> tuple[str, ...]:
        """Return the attribute `classes`, or else the class numbers up to the largest label."""
        if names := getattr(train, "classes", None):
            return tuple(map(str, names))
        _, labels = self.call_user_code("it cannot be read", read_items, train)
        _check_numbering(self.name, sorted(set(labels.tolist())))
        return tuple(map(str, range(int(labels.max()) + 1)))

    def _read(self, dataset: MapDataset, spec: DataSpec, half: str) -> RawSplit:
        action = f"its {half} images cannot be read"
        images, labels = self.call_user_code(action, read_items, dataset)
        if images.shape[1:] != spec.shape:
            what = f"its {half} images are of shape {images.shape[1:]}, the first is {spec.shape}."
            raise UserError(self.name, what)
        if labels.max() >= len(spec.classes):
            what = f"the label {labels.max()} is not one of {len(spec.classes)} classes."
            raise UserError(self.name, what, "Labels start at 0.")
        return RawSplit(labels, [np.ascontiguousarray(images)])


def _check_numbering(name: str, labels: list[int]) -> None:
    """Refuse labels that do not number the classes from 0; raises UserError."""
    absent = sorted(set(range(labels[-1] + 1)) - set(labels))
    if not absent:
        return
    if labels[0] == len(absent):
        what, hint = f"its labels start at {labels[0]}.", f"Subtract {labels[0]} from each."
    else:
        what = f"no training image has label {some(map(str, absent))} of 0 to {labels[-1]}."
        hint = "Number the classes without gaps"
        hint += ", or name all of them in an attribute `classes`."
    raise UserError(name, what, hint)


def user_data_options(name: str) -> type[UserDataSet]:
    """Return the options class of a user-defined data set, by its import path.

    Raises:
        UserError: it cannot be imported, or has no argument for training or test images.
    """
    options = options_from_signature(name, UserDataSet)
    if not set(_HALVES) & set(options.origin.provided):
        hint = "It is called once for the training and once for the test images."
        raise UserError(name, "takes neither 'train' nor 'split'.", hint)
    options.name = name
    return options
