"""Temporary folders: removed at the end, and those of killed processes by the next one.

A folder holds a lock, and is swept when no process holds that: process ids are used again, and
mean nothing between containers that share a folder.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cnn_ablate.locks import Locks

_PREFIX = "cnn-ablate-"
_LOCK = "in-use"


@contextmanager
def temporary_folder(parent: Path | None = None) -> Iterator[Path]:
    """Hold a new, empty folder, which is removed at exit.

    Args:
        parent: Where to make it; by default in the system's temporary folder ($TMPDIR).

    Raises:
        OSError: it cannot be made.
    """
    outer, locks = _new_folder(parent)
    process = os.getpid()
    try:
        _sweep(outer)
        inner = outer / "files"
        inner.mkdir()
        yield inner
    finally:
        if process == os.getpid():  # no fork of it
            # Most of it while it is locked, so that no other process sweeps it meanwhile.
            shutil.rmtree(outer / "files", ignore_errors=True)
            # What cannot be removed now keeps its lock until this process ends, for the next one.
            if not (outer / "files").exists():
                locks.release_all()
                shutil.rmtree(outer, ignore_errors=True)


def _new_folder(parent: Path | None) -> tuple[Path, Locks]:
    """Make a folder that only this user can read, and lock it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        locks = Locks(folder)
        # Another process that sweeps may be faster by a moment.
        if locks.acquire(_LOCK):
            return folder, locks


def _sweep(mine: Path) -> None:
    """Remove the folders beside one that the same user's ended processes have left."""
    owner = mine.lstat().st_uid
    for folder in mine.parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another process removes it, too
            found = folder.lstat()
            if folder != mine and stat.S_ISDIR(found.st_mode) and found.st_uid == owner:
                _remove_unused(folder)


def _remove_unused(folder: Path) -> None:
    """Remove a folder whose lock no process holds; one without a lock is not of this form."""
    if not (folder / f"{_LOCK}.lock").is_file():
        return
    with Locks(folder) as locks:
        # Where a file system has no locks, nobody knows which folders are in use.
        if locks.acquire(_LOCK) and locks.is_held(_LOCK):
            shutil.rmtree(folder, ignore_errors=True)
