"""The names that the store gives to files and folders: nothing of another form is ever removed."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

_HEX = "[0-9a-f]"
_TRIAL = rf".+-seed\d+-{_HEX}{{8,64}}"
TRIAL = re.compile(_TRIAL)
CHECKPOINT = re.compile(rf"{_HEX}{{64}}\.pt")
# Trials and tables that were moved aside.
DAMAGED = re.compile(rf"({_TRIAL}|.+-\w+\.(csv|npz)|.+-SUMS)\.{_HEX}{{8}}")
# Drafts, logs of workers, and replaced folders of trials.
SCRATCH = re.compile(rf"{_HEX}{{32}}(\.log)?|{_TRIAL}\.old")


def own(folder: Path, form: re.Pattern[str]) -> Iterator[Path]:
    """Yield what is in a folder and has a name of a form, sorted; links are left out.

    A folder that is a link itself counts as empty, as it is outside the store.
    """
    if folder.is_dir() and not folder.is_symlink():
        for path in sorted(folder.iterdir()):
            if form.fullmatch(path.name) and not path.is_symlink():
                yield path


def study_files(root: Path, name: str) -> Iterator[Path]:
    """Yield the files of a name in the folders of studies, sorted.

    Raises:
        OSError: a folder cannot be looked into, which `Path.glob` would leave out in silence.
    """
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        if folder.name.startswith("."):  # the store's own, maybe of another user
            continue
        try:
            (folder / name).stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        yield folder / name


def has_only(folder: Path, names: frozenset[str]) -> bool:
    """Return whether a folder holds only files of some names, and no links."""
    return all(
        path.name in names and path.is_file() and not path.is_symlink() for path in folder.iterdir()
    )


def remove(path: Path) -> None:
    """Remove a file, or a folder with what is in it; links in it are removed, not followed.

    Raises:
        OSError: it cannot be removed.
    """
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
