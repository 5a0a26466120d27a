"""Data sets that lie as `{train,test}/<class>/<picture>`, or undivided as `<class>/<picture>`."""

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from cnn_ablate import custom
from cnn_ablate.data.dataset import DataSet, Form, Part, Source
from cnn_ablate.data.image_files import SUFFIXES, decode
from cnn_ablate.errors import UserError
from cnn_ablate.options import knob

# What file managers leave in folders of pictures.
_LEFTOVERS = {"thumbs.db", "desktop.ini", "__macosx"}

Pictures = Mapping[str, tuple[Path, ...]]


def find(name: str, folder: Path, shape: tuple[int, int, int]) -> Source | None:
    """Find the pictures below a folder; raises UserError if something odd lies among them."""
    if not is_divided(folder):
        return None
    train, test = listing(folder / "train"), listing(folder / "test")
    if odd := sorted(train.keys() ^ test.keys()):
        place = folder / ("test" if odd[0] in train else "train")
        raise UserError(str(place), f"class '{odd[0]}' is missing.")
    return _source(name, train, test, shape)


def is_divided(folder: Path) -> bool:
    """Tell whether somebody has divided the pictures below a folder into train/ and test/."""
    return all((folder / half).is_dir() for half in ("train", "test"))


def divide(name: str, folder: Path, shape: tuple[int, int, int], fraction: float) -> Source:
    """Test on a fraction of each class of a folder without train/ and test/; raises UserError."""
    _check_halves(folder)
    train, test = {}, {}
    for label, paths in listing(folder).items():
        if len(paths) < 2:
            what = "holds one picture; it takes two, to train and to test on."
            raise UserError(str(paths[0].parent), what)
        chosen = _chosen(paths, fraction)
        test[label] = tuple(path for path in paths if path in chosen)
        train[label] = tuple(path for path in paths if path not in chosen)
    # The same files in the same order, divided elsewhere, are other data.
    return replace(_source(name, train, test, shape), divided=f"{fraction}")


def _check_halves(folder: Path) -> None:
    """Refuse a folder with one of train/ and test/; a class may be called so, if it holds files."""
    for half, other in (("train", "test"), ("test", "train")):
        names = _visible(folder / half) if (folder / half).is_dir() else []
        if any((folder / half / name).is_dir() for name in names):
            hint = f"Add it, with the same classes; or have the classes alone, without {half}/."
            raise UserError(str(folder), f"has {half}/ but no {other}/.", hint)


def _chosen(paths: tuple[Path, ...], fraction: float) -> set[Path]:
    """Choose by a hash of the name, so that few pictures change sides when others are added."""
    count = min(max(round(len(paths) * fraction), 1), len(paths) - 1)
    return set(sorted(paths, key=_digest)[:count])


def _digest(path: Path) -> bytes:
    """Hash a name as it reads, however a file system spells it."""
    return hashlib.sha256(unicodedata.normalize("NFC", path.name).encode()).digest()


def _source(name: str, train: Pictures, test: Pictures, shape: tuple[int, int, int]) -> Source:
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
        hint = "Move it into the folder of its class, or remove it."
        raise UserError(str(folder), "is not a folder of pictures.", hint)
    names = _visible(folder)
    if not names:
        raise UserError(str(folder), "holds no pictures.")
    odd = [name for name in names if not name.lower().endswith(SUFFIXES)]
    if odd:
        known = ", ".join(SUFFIXES)
        if (folder / odd[0]).is_dir():
            hint = "Pictures lie as <class>/<picture>, or as {train,test}/<class>/<picture>."
            raise UserError(str(folder / odd[0]), "is a folder among pictures.", hint)
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
    """Pictures of your own, as `<class>/<picture>` or `{train,test}/<class>/<picture>`."""

    name: ClassVar[str] = "image_folder"

    path: str = knob(
        "images", "The folder of pictures: absolute, below a data root, or beside the study."
    )
    test_fraction: float = knob(
        0.2, "Part of each class to test on, if there are no folders train and test.", gt=0, lt=1
    )
    image_size: int = knob(32, "Sides of the square, in pixels, that pictures are fitted to.", gt=0)
    grey: bool = knob(False, "Read one channel of grey instead of red, green and blue.")

    def search_paths(self, root: Path | None = None) -> tuple[Path, ...]:
        """Give the data roots, the folder of the study, and the current one."""
        return tuple(dict.fromkeys((*super().search_paths(root), *custom.places())))

    def find_in(self, place: Path) -> Source | None:
        """Look for the folder below one data root."""
        shape = (1 if self.grey else 3, self.image_size, self.image_size)
        folder = place / self.path
        if source := find(self.name, folder, shape):
            return source
        return divide(self.name, folder, shape, self.test_fraction) if folder.is_dir() else None

    def wanted(self) -> str:
        """Name the folder that is looked for."""
        return f"{self.path}/<class>/<picture> or {self.path}/{{train,test}}/<class>/<picture>"

    def advice(self, root: Path) -> str:  # noqa: ARG002 - beside the study is where they are seen
        """Say where the pictures belong."""
        return f"Put the pictures into {custom.places()[0] / self.path}, or set data.path."
