"""Image folders: `{train,test,val}/<class>/<picture>`, or `<class>/<picture>` to be divided."""

import hashlib
import os
import stat
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from cnn_ablate.custom import search_folders
from cnn_ablate.data.dataset_options import DataSpec, FoundData, RawSplit
from cnn_ablate.data.image_files import SUFFIXES, BrokenFile, Decoding, decode
from cnn_ablate.data.paths import expanded
from cnn_ablate.data.picture_options import PictureFiles
from cnn_ablate.errors import UserError
from cnn_ablate.options import knob
from cnn_ablate.text import grouped, listed, some

# What file managers leave in image folders.
_IGNORED = {"thumbs.db", "desktop.ini", "__macosx"}
# Names of the folder for validation beside train/ and test/.
_VAL = ("val", "valid", "validation")
# Files that one message names.
_NAMED = 20

# Image files by class name.
ClassFiles = Mapping[str, tuple[Path, ...]]


def find_divided(name: str, folder: Path, decoding: Decoding) -> FoundData | None:
    """Find images below train/, test/ and perhaps val/ of a folder; None without the first two.

    Raises:
        UserError: there is something else among the images, or a class is on one side only.
    """
    if not has_train_and_test(folder):
        return None
    vals = [half for half in _VAL if (folder / half).is_dir()]
    if len(vals) > 1:
        what = f"has {listed(f'{half}/' for half in vals)}, of which one can validate."
        raise UserError(str(folder), what, "Rename or remove the others.")
    names = ("train", "test", *vals)
    halves = dict(zip(names, list_classes(folder, names), strict=True))
    every = {label for classes in halves.values() for label in classes}
    for label in sorted(every):
        for half, classes in halves.items():
            if label not in classes:
                raise UserError(str(folder / half), f"class '{label}' is missing.")
    return found_pictures(name, folder, [*halves.values()], decoding)


def has_train_and_test(folder: Path) -> bool:
    """Return whether the images below a folder are divided into train/ and test/."""
    return all((folder / half).is_dir() for half in ("train", "test"))


def divide(name: str, folder: Path, decoding: Decoding, fraction: float) -> FoundData:
    """Divide the images below a folder: a fraction of each class is for testing.

    Raises:
        UserError: there is something else among the images, or a class has only one.
    """
    _check_no_half(folder)
    [classes] = list_classes(folder)
    halves = divide_classes(classes, fraction)
    # The same files in the same order, divided otherwise, are other data.
    return replace(found_pictures(name, folder, halves, decoding), divided=f"{fraction}")


def divide_classes(classes: ClassFiles, fraction: float) -> tuple[ClassFiles, ClassFiles]:
    """Divide pictures into those for training and those for testing.

    Raises:
        UserError: a class has only one.
    """
    train, test = {}, {}
    for label, paths in classes.items():
        if len(paths) < 2:
            what = (
                f"is the only picture of class '{label}'; two are needed, to train and to test on."
            )
            raise UserError(str(paths[0]), what)
        chosen = _choose(paths, fraction)
        test[label] = tuple(path for path in paths if path in chosen)
        train[label] = tuple(path for path in paths if path not in chosen)
    return train, test


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


def found_pictures(
    name: str, folder: Path, halves: Sequence[ClassFiles], decoding: Decoding
) -> FoundData:
    """Return picture files as a data set; names of pictures are relative to the folder.

    The halves are for training, for testing, and perhaps for validation.
    """
    train, test, *vals = halves
    return FoundData(
        name=name,
        spec=DataSpec(decoding.shape, tuple(train)),
        files=tuple(path for half in halves for paths in half.values() for path in paths),
        read=lambda: (_read([train, *vals], decoding, folder), _read([test], decoding, folder)),
        skip_broken=decoding.skip_broken,
        resize=decoding.resize,
        has_val=bool(vals),
    )


def list_classes(folder: Path, halves: Sequence[str] = ("",)) -> list[ClassFiles]:
    """Return the image files per class of each half of a folder, sorted; raises UserError.

    What is no picture is named together, so that a folder is put right in one go.
    """
    entries = {half: _visible(folder / half) for half in halves}
    files = {half: _files_by_class(folder / half, names) for half, names in entries.items()}
    _check_strays(
        folder,
        [str(Path(half, n)) for half in halves for n in entries[half] if n not in files[half]],
        [
            str(Path(half, name, file))
            for half in halves
            for name, inside in files[half].items()
            for file in inside
            if not file.lower().endswith(SUFFIXES)
        ],
    )
    return [_paths_by_class(folder / half, files[half]) for half in halves]


def _files_by_class(folder: Path, names: list[str]) -> dict[str, list[str]]:
    """Return the names of files by that of their class folder; raises UserError."""
    if not names:
        raise UserError(str(folder), "contains no class folders.")
    _check_twins(folder, names)
    return {name: _visible(folder / name) for name in names if (folder / name).is_dir()}


def _paths_by_class(folder: Path, files: Mapping[str, list[str]]) -> ClassFiles:
    """Return the image files per class, by its name in NFC; raises UserError."""
    if empty := [name for name, inside in files.items() if not inside]:
        raise UserError(str(folder / empty[0]), "contains no pictures.")
    folders = {unicodedata.normalize("NFC", name): name for name in files}
    return {
        label: tuple(folder / folders[label] / file for file in files[folders[label]])
        for label in sorted(folders)
    }


def _check_twins(folder: Path, names: list[str]) -> None:
    """Refuse classes that differ only in Unicode form or case; raises UserError."""
    alike = grouped((unicodedata.normalize("NFKC", name).casefold(), name) for name in names)
    for twins in alike.values():
        if len(twins) > 1:
            spelt = listed(f"'{name}' ({name!a})" for name in twins)
            what = f"has class folders that differ only in case or Unicode form: {spelt}."
            raise UserError(str(folder), what, "Rename them, or merge them into one.")


def _check_strays(folder: Path, beside: Sequence[str], inside: Sequence[str]) -> None:
    """Refuse files beside class folders, and what is no picture in one; raises UserError."""
    if inner := next((name for name in inside if (folder / name).is_dir()), None):
        hint = "Expected <class>/<picture> or {train,test}/<class>/<picture>."
        raise UserError(str(folder / inner), "is a folder among pictures.", hint)
    known = f"Known: {', '.join(SUFFIXES)}."
    if len(strays := [*beside, *inside]) > 1:
        named = some(strays, most=_NAMED)
        what = f"has {len(strays)} entries that are not pictures in a class folder: {named}."
        raise UserError(str(folder), what, f"Move or remove them. {known}")
    if beside:
        hint = "Move it into the folder of its class, or remove it."
        raise UserError(str(folder / beside[0]), "is not a folder of pictures.", hint)
    if inside:
        raise UserError(str(folder / inside[0]), "is not a picture.", f"Remove it. {known}")


def is_hidden(name: str) -> bool:
    """Return whether a file or folder is hidden, or of a file manager."""
    return name.startswith(".") or name.lower() in _IGNORED


def _visible(folder: Path) -> list[str]:
    """Return the names in a folder that are not hidden, sorted, without pipes and devices."""
    with os.scandir(folder) as entries:
        return sorted(e.name for e in entries if not is_hidden(e.name) and not _blocks(e))


def _blocks(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry of a folder is special; ordinary ones are not looked up again."""
    is_ordinary = entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)
    return not is_ordinary and is_special(entry.path)


def is_special(path: str | Path) -> bool:
    """Return whether a path leads to a pipe, a socket or a device, which might block a reader."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - also for entries of scandir
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _read(halves: Sequence[ClassFiles], decoding: Decoding, root: Path) -> RawSplit:
    """Read the first image of every class, then the second of every class, and so on.

    File order is then mixed, as in the published data sets, and its tail has every class. Images
    for validation follow those for training.
    """
    ranked = sorted(
        (half, rank, label, path)
        for half, classes in enumerate(halves)
        for label, paths in enumerate(classes.values())
        for rank, path in enumerate(paths)
    )
    labels = np.array([label for *_, label, _ in ranked], np.int64)
    files = [path for *_, path in ranked]
    names = tuple(Path(os.path.relpath(path, root)).as_posix() for path in files)
    broken: list[BrokenFile] = []
    chunks = decode(files, decoding, broken)
    return RawSplit(labels, chunks, names, broken, sum(half for half, *_ in ranked))


class ImageFolder(PictureFiles):
    """Pictures of your own, as `<class>/<picture>` or `{train,test}/<class>/<picture>`."""

    name: ClassVar[str] = "image_folder"
    may_have_val: ClassVar[bool] = True

    path: str = knob(
        "images", "The folder of pictures: absolute, below a data root, or beside the study."
    )

    def find_in(self, root: Path) -> FoundData | None:
        """Search the folder below one data root."""
        decoding = self.decoding()
        folder = root / expanded(self.path)
        if found := find_divided(self.name, folder, decoding):
            return found
        return divide(self.name, folder, decoding, self.test_fraction) if folder.is_dir() else None

    def expected_files(self) -> str:
        """Return the pattern of the image files."""
        return f"{self.path}/<class>/<picture> or {self.path}/{{train,test}}/<class>/<picture>"

    def install_hint(self, root: Path) -> str:  # noqa: ARG002 - better seen beside the study
        """Return a sentence on where to put the pictures."""
        return f"Put the pictures into {search_folders()[0] / self.path}, or set data.path."
