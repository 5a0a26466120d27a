"""Data sets that lie as `{train,test}/<class>/<picture>`: any such folder."""

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from cnn_ablate import users
from cnn_ablate.data.dataset import DataSet, Form, Part, Source
from cnn_ablate.data.pictures import SUFFIXES, decode
from cnn_ablate.errors import UserError
from cnn_ablate.options import knob

# What file managers leave in folders of pictures.
_LEFTOVERS = {"thumbs.db", "desktop.ini", "__macosx"}

Pictures = Mapping[str, tuple[Path, ...]]


def find(name: str, folder: Path, shape: tuple[int, int, int]) -> Source | None:
    """Find the pictures below a folder; raises UserError if something odd lies among them."""
    if not (folder / "train").is_dir() or not (folder / "test").is_dir():
        return None
    train, test = listing(folder / "train"), listing(folder / "test")
    if odd := sorted(train.keys() ^ test.keys()):
        place = folder / ("test" if odd[0] in train else "train")
        raise UserError(str(place), f"class '{odd[0]}' is missing.")
    return Source(
        name=name,
        form=Form(shape, tuple(train)),
        files=tuple(path for part in (train, test) for paths in part.values() for path in paths),
        read=lambda: (_part(train, shape), _part(test, shape)),
    )


def listing(folder: Path) -> Pictures:
    """Give the pictures of each class, both sorted by name; raises UserError."""
    folders = {unicodedata.normalize("NFC", name): name for name in _visible(folder)}
    if not folders:
        raise UserError(str(folder), "holds no class folders.")
    return {name: _pictures(folder / folders[name]) for name in sorted(folders)}


def _pictures(folder: Path) -> tuple[Path, ...]:
    if not folder.is_dir():
        raise UserError(str(folder), "is not a folder of pictures.", "Remove it.")
    names = _visible(folder)
    if not names:
        raise UserError(str(folder), "holds no pictures.")
    odd = [name for name in names if not name.lower().endswith(SUFFIXES)]
    if odd:
        known = ", ".join(SUFFIXES)
        raise UserError(str(folder / odd[0]), "is not a picture.", f"Remove it. Known: {known}.")
    return tuple(folder / name for name in names)


def _visible(folder: Path) -> list[str]:
    """Give the names of what is not hidden, sorted."""
    names = (path.name for path in folder.iterdir())
    return sorted(name for name in names if name[0] != "." and name.lower() not in _LEFTOVERS)


def _part(pictures: Pictures, shape: tuple[int, int, int]) -> Part:
    """Put the first picture of every class first, then the second of every class, and so on.

    File order is then mixed, as in the published data sets, and its tail holds every class.
    """
    ranked = sorted(
        (rank, label, path)
        for label, paths in enumerate(pictures.values())
        for rank, path in enumerate(paths)
    )
    labels = np.array([label for _, label, _ in ranked], np.int64)
    return Part(labels, decode([path for *_, path in ranked], shape))


class ImageFolder(DataSet):
    """Pictures of your own, as `{train,test}/<class>/<picture>`."""

    name: ClassVar[str] = "image_folder"

    path: str = knob(
        "images", "The folder of train/ and test/: absolute, below a data root, or by the study."
    )
    image_size: int = knob(32, "Sides of the square, in pixels, that pictures are fitted to.", gt=0)
    grey: bool = knob(False, "Read one channel of grey instead of red, green and blue.")

    def places(self, root: Path | None = None) -> tuple[Path, ...]:
        """Give the data roots, the folder of the study, and the current one."""
        return tuple(dict.fromkeys((*super().places(root), *users.places())))

    def find_in(self, place: Path) -> Source | None:
        """Look for the folder below one data root."""
        shape = (1 if self.grey else 3, self.image_size, self.image_size)
        return find(self.name, place / self.path, shape)

    def wanted(self) -> str:
        """Name the folder that is looked for."""
        return f"{self.path}/{{train,test}}/<class>/<picture>"

    def advice(self, root: Path) -> str:  # noqa: ARG002 - beside the study is where they are seen
        """Say where the pictures belong."""
        return f"Put the pictures into {users.places()[0] / self.path}, or set data.path."
