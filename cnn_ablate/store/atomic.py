"""Publish files and folders so that a reader sees all of it or none, whatever dies and when."""

import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from cnn_ablate.errors import UserError
from cnn_ablate.store.own_names import SCRATCH, own

# Hint for someone whose training is interrupted by a full disk or the like.
KEPT = "What is done is kept."
_REPLACED = ".old"


@contextmanager
def as_user_error(path: Path, hint: str = "") -> Iterator[None]:
    """Turn an OSError into a UserError: disk full, no permission, missing folder."""
    try:
        yield
    except OSError as fault:
        what = f"cannot be written: {fault.strerror or fault}."
        raise UserError(str(path), what, hint) from fault


def unused_path(folder: Path) -> Path:
    """Return a path under `folder` that nothing has used; the folder is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / uuid.uuid4().hex


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; file systems of Windows do so by themselves."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_new(path: Path, payload: bytes) -> None:
    """Write a new file durably.

    Raises:
        FileExistsError: there is a file of that name.
    """
    with path.open("xb") as file:
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, payload: bytes, scratch: Path, hint: str = "") -> None:
    """Replace a file as a whole: readers see the old bytes or the new ones.

    Raises:
        UserError: it cannot be written.
    """
    with as_user_error(path, hint):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = unused_path(scratch)
        try:
            write_new(draft, payload)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)


def replace_folder(path: Path, files: Mapping[str, bytes], scratch: Path) -> None:
    """Replace a folder as a whole; an old one is kept in scratch, for `restore`, until then.

    Raises:
        UserError: it cannot be written.
    """
    with as_user_error(path, KEPT):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft, old = unused_path(scratch), scratch / f"{path.name}{_REPLACED}"
        try:
            draft.mkdir()
            for name, payload in files.items():
                write_new(draft / name, payload)
            sync_folder(draft)
            _swap(draft, path, old)
        finally:
            restore(path.parent, scratch, path.name)
            shutil.rmtree(draft, ignore_errors=True)
        sync_folder(path.parent)
    shutil.rmtree(old, ignore_errors=True)


def _swap(draft: Path, path: Path, old: Path) -> None:
    while True:
        if path.exists():
            shutil.rmtree(old, ignore_errors=True)
            path.rename(old)
        try:
            draft.rename(path)
        except OSError:
            # Another process may just have restored the old folder.
            if not (path.exists() and draft.exists()):
                raise
        else:
            return


def restore(folder: Path, scratch: Path, name: str = "") -> None:
    """Move replaced folders back, or one of a name, whose replacement never arrived."""
    for old in own(scratch, SCRATCH):
        if old.suffix != _REPLACED or name not in {"", old.stem}:
            continue
        with suppress(OSError):  # another process did so, or there is a replacement
            old.rename(folder / old.name.removesuffix(_REPLACED))
