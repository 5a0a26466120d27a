"""Image folders: `{train,test}/<class>/<picture>`, or `<class>/<picture>` to be divided here."""

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from cnn_ablate.custom import search_folders
from cnn_ablate.data.dataset_options import DataSet, DataSpec, FoundData, RawSplit
from cnn_ablate.data.image_files import SUFFIXES, decode
from cnn_ablate.errors import UserError
from cnn_ablate.options import knob

# What file managers leave in image folders.
_IGNORED = {"thumbs.db", "desktop.ini", "__macosx"}

# Image files by class name.
ClassFiles = Mapping[str, tuple[Path, ...]]


def find_divided(name: str, folder: Path, shape: tuple[int, int, int]) -> FoundData | None:
    """Find images below train/ and test/ of a folder; None without these two.

    Raises:
        UserError: there is something else among the images, or a class is on one side only.
    """
    if not has_train_and_test(folder):
        return None
    train, test = list_classes(folder / "train"), list_classes(folder / "test")
    if unmatched := sorted(train.keys() ^ test.keys()):
        half = folder / ("test" if unmatched[0] in train else "train")
        raise UserError(str(half), f"class '{unmatched[0]}' is missing.")
    return _found(name, folder, train, test, shape)


def has_train_and_test(folder: Path) -> bool:
    """Return whether the images below a folder are divided into train/ and test/."""
    return all((folder / half).is_dir() for half in ("train", "test"))


def divide(name: str, folder: Path, shape: tuple[int, int, int], fraction: float) -> FoundData:
    """Divide the images below a folder: a fraction of each class is for testing.

    Raises:
        UserError: there is something else among the images, or a class has only one.
    """
    _check_no_half(folder)
    train, test = {}, {}
    for label, paths in list_classes(folder).items():
        if len(paths) < 2:
            what = "contains one picture; two are needed, to train and to test on."
            raise UserError(str(paths[0].parent), what)
        chosen = _choose(paths, fraction)
        test[label] = tuple(path for path in paths if path in chosen)
        train[label] = tuple(path for path in paths if path not in chosen)
    # The same files in the same order, divided otherwise, are other data.
    return replace(_found(name, folder, train, test, shape), divided=f"{fraction}")


def _check_no_half(folder: Path) -> None:
    """Refuse a folder with only one of train/ and test/; raises UserError.

    A class may be called train or test: then it contains files and no folders.
    """
    for half, other in (("train", "test"), ("test", "train")):
        names = _visible(folder / half) if (folder / half).is_dir() else []
        if any((folder / half / name).is_dir() for name in names):
            hint = f"Add it, with the same classes; or have the classes alone, without {half}/."
            raise UserError(str(folder), f"has {half}/ but no {other}/.", hint)


def _choose(paths: tuple[Path, ...], fraction: float) -> set[Path]:
    """Choose test images by a hash of their names.

    So few images change sides when others are added.
    """
    count = min(max(round(len(paths) * fraction), 1), len(paths) - 1)
    return set(sorted(paths, key=_name_digest)[:count])


def _name_digest(path: Path) -> bytes:
    """Return the SHA-256 of a file name in NFC: file systems differ in how they encode it."""
    return hashlib.sha256(unicodedata.normalize("NFC", path.name).encode()).digest()


def _found(
    name: str, folder: Path, train: ClassFiles, test: ClassFiles, shape: tuple[int, int, int]
) -> FoundData:
    return FoundData(
        name=name,
        spec=DataSpec(shape, tuple(train)),
        files=tuple(path for half in (train, test) for paths in half.values() for path in paths),
        read=lambda: (_read(train, shape, folder), _read(test, shape, folder)),
    )


def list_classes(folder: Path) -> ClassFiles:
    """Return the image files per class, both sorted by name; raises UserError."""
    folders = {unicodedata.normalize("NFC", name): name for name in _visible(folder)}
    if not folders:
        raise UserError(str(folder), "contains no class folders.")
    return {name: _list_images(folder / folders[name]) for name in sorted(folders)}


def _list_images(folder: Path) -> tuple[Path, ...]:
    if not folder.is_dir():
        hint = "Move it into the folder of its class, or remove it."
        raise UserError(str(folder), "is not a folder of pictures.", hint)
    names = _visible(folder)
    if not names:
        raise UserError(str(folder), "contains no pictures.")
    others = [name for name in names if not name.lower().endswith(SUFFIXES)]
    if others:
        known = ", ".join(SUFFIXES)
        path = folder / others[0]
        if path.is_dir():
            hint = "Expected <class>/<picture> or {train,test}/<class>/<picture>."
            raise UserError(str(path), "is a folder among pictures.", hint)
        raise UserError(str(path), "is not a picture.", f"Remove it. Known: {known}.")
    return tuple(folder / name for name in names)


def _visible(folder: Path) -> list[str]:
    """Return the names in a folder that are not hidden, sorted."""
    names = (path.name for path in folder.iterdir())
    return sorted(name for name in names if name[0] != "." and name.lower() not in _IGNORED)


def _read(classes: ClassFiles, shape: tuple[int, int, int], root: Path) -> RawSplit:
    """Read the first image of every class, then the second of every class, and so on.

    File order is then mixed, as in the published data sets, and its tail has every class.
    """
    ranked = sorted(
        (rank, label, path)
        for label, paths in enumerate(classes.values())
        for rank, path in enumerate(paths)
    )
    labels = np.array([label for _, label, _ in ranked], np.int64)
    files = [path for *_, path in ranked]
    names = tuple(path.relative_to(root).as_posix() for path in files)
    return RawSplit(labels, decode(files, shape), names)


class ImageFolder(DataSet):
    """Pictures of your own, as `<class>/<picture>` or `{train,test}/<class>/<picture>`."""

    name: ClassVar[str] = "image_folder"

    path: str = knob(
        "images", "The folder of pictures: absolute, below a data root, or beside the study."
    )
    test_fraction: float = knob(
        0.2,
        "Fraction of each class for testing, if there are no folders train/ and test/.",
        gt=0,
        lt=1,
    )
    image_size: int = knob(32, "Side in pixels of the square that pictures are fitted to.", gt=0)
    grey: bool = knob(False, "Read one grey channel instead of red, green and blue.")

    def search_roots(self, root: Path | None = None) -> tuple[Path, ...]:
        """Return the data roots, the folder of the study, and the current one."""
        return tuple(dict.fromkeys((*super().search_roots(root), *search_folders())))

    def find_in(self, root: Path) -> FoundData | None:
        """Search the folder below one data root."""
        shape = (1 if self.grey else 3, self.image_size, self.image_size)
        folder = root / self.path
        if found := find_divided(self.name, folder, shape):
            return found
        return divide(self.name, folder, shape, self.test_fraction) if folder.is_dir() else None

    def expected_files(self) -> str:
        """Return the pattern of the image files."""
        return f"{self.path}/<class>/<picture> or {self.path}/{{train,test}}/<class>/<picture>"

    def install_hint(self, root: Path) -> str:  # noqa: ARG002 - better seen beside the study
        """Return a sentence on where to put the pictures."""
        return f"Put the pictures into {search_folders()[0] / self.path}, or set data.path."
