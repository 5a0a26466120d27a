"""Publish files and folders so that a reader sees all of it or none, whatever dies and when."""

import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from cnn_ablate.errors import UserError

# What to tell who trains.
KEPT = "What is done is kept."
_ASIDE = ".old"


@contextmanager
def told(path: Path, hint: str = "") -> Iterator[None]:
    """Say in the user's words that something cannot be written: no room, no right, no folder."""
    try:
        yield
    except OSError as fault:
        what = f"cannot be written: {fault.strerror or fault}."
        raise UserError(str(path), what, hint) from fault


def fresh(folder: Path) -> Path:
    """Give a path under `folder` that nothing has used."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / uuid.uuid4().hex


def sync(folder: Path) -> None:
    """Make the names in a folder durable; file systems of Windows do so by themselves."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write(path: Path, payload: bytes) -> None:
    """Write a new file durably; fails if it exists."""
    with path.open("xb") as file:
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, payload: bytes, scratch: Path, hint: str = "") -> None:
    """Replace a file whole: its readers see the old bytes or the new ones.

    Raises:
        UserError: it cannot be written.
    """
    with told(path, hint):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = fresh(scratch)
        try:
            write(draft, payload)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        sync(path.parent)


def replace_folder(path: Path, files: Mapping[str, bytes], scratch: Path) -> None:
    """Replace a folder whole; one that stood there waits aside, for `restore`, until it is done.

    Raises:
        UserError: it cannot be written.
    """
    with told(path, KEPT):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft, old = fresh(scratch), scratch / f"{path.name}{_ASIDE}"
        try:
            draft.mkdir()
            for name, payload in files.items():
                write(draft / name, payload)
            sync(draft)
            _swap(draft, path, old)
        finally:
            restore(path.parent, scratch, path.name)
            shutil.rmtree(draft, ignore_errors=True)
        sync(path.parent)
    shutil.rmtree(old, ignore_errors=True)


def _swap(draft: Path, path: Path, old: Path) -> None:
    while True:
        if path.exists():
            shutil.rmtree(old, ignore_errors=True)
            path.rename(old)
        try:
            draft.rename(path)
        except OSError:
            # Another process may just have put the old one back.
            if not (path.exists() and draft.exists()):
                raise
        else:
            return


def restore(folder: Path, scratch: Path, name: str = "*") -> None:
    """Put back what waits aside because its replacement never came."""
    for old in scratch.glob(f"{name}{_ASIDE}"):
        with suppress(OSError):  # another process did so, or there is a replacement
            old.rename(folder / old.name.removesuffix(_ASIDE))
