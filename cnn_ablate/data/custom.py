"""Data sets of the user's own, named `package.module:Name`: the knobs are what `Name` takes.

`Name` is a class or a function that gives a torch data set: something with a length, whose items
are pairs of an image and a class number. It is called twice, with its knobs by keyword and with
`train` (true, false) or else `split` ("train", "test"); and with `root`, the folder of data, where
its signature names it.
"""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from cnn_ablate.custom import UserOptions, user_options
from cnn_ablate.data.dataset import DataSet, Form, Part, Source
from cnn_ablate.data.torch_dataset import Items, arrays, pair
from cnn_ablate.errors import UserError

# The argument that says which images are meant: its values for training and for test images.
_HALVES: dict[str, tuple[Any, Any]] = {"train": (True, False), "split": ("train", "test")}


class UserDataSet(UserOptions, DataSet):
    """The knobs of a data set of the user's, beside those that every data set has."""

    gives: ClassVar[tuple[str, ...]] = ("root", *_HALVES)

    def find_in(self, place: Path) -> Source:
        """Open the training images; what the data set holds, only `read` of the source asks."""
        train = self._opened(place, 0)
        first, _ = self.attempted("its first item cannot be read", pair, train, 0)
        form = Form(first.shape, self._classes(train))
        return Source(
            self.name,
            form,
            files=(),
            read=lambda: (
                self._part(train, form, "training"),
                self._part(self._opened(place, 1), form, "test"),
            ),
        )

    def _opened(self, place: Path, half: int) -> Items:
        """Call the user's class or function, for the training (0) or the test images (1)."""
        which = {word: values[half] for word, values in _HALVES.items()}
        opened = self.made(root=place, **which)
        if not isinstance(opened, Items):
            kind = type(opened).__name__
            raise UserError(self.name, f"gives no data set with a length and items, but {kind}.")
        return opened

    def _classes(self, train: Items) -> tuple[str, ...]:
        """Give the attribute `classes`, or the class numbers that occur."""
        if names := getattr(train, "classes", None):
            return tuple(map(str, names))
        _, labels = self.attempted("it cannot be read", arrays, train)
        return tuple(map(str, range(int(labels.max()) + 1)))

    def _part(self, items: Items, form: Form, half: str) -> Part:
        images, labels = self.attempted(f"its {half} images cannot be read", arrays, items)
        if images.shape[1:] != form.shape:
            what = f"its {half} images are of shape {images.shape[1:]}, the first is {form.shape}."
            raise UserError(self.name, what)
        if labels.max() >= len(form.classes):
            what = f"the label {labels.max()} is not one of {len(form.classes)} classes."
            raise UserError(self.name, what, "Labels count from 0.")
        return Part(labels, [np.ascontiguousarray(images)])


def user_data(name: str) -> type[UserDataSet]:
    """Give the options of a user's data set, from the source as it is now.

    Raises:
        UserError: it cannot be imported, or cannot be asked for training and for test images.
    """
    entry = user_options(name, UserDataSet)
    if not set(_HALVES) & set(entry.origin.given):
        hint = "It is called once for the training and once for the test images."
        raise UserError(name, "takes neither 'train' nor 'split'.", hint)
    entry.name = name
    return entry
