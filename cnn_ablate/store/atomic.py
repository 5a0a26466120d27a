"""Publish files and folders so that a reader sees all of it or none, whatever dies and when."""

import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path


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


def replace_file(path: Path, payload: bytes, scratch: Path) -> None:
    """Replace a file whole: its readers see the old bytes or the new ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = fresh(scratch)
    try:
        write(draft, payload)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync(path.parent)


def replace_folder(path: Path, files: Mapping[str, bytes], scratch: Path) -> None:
    """Replace a folder whole; one that stood there is moved aside first and then removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft, old = fresh(scratch), fresh(scratch)
    try:
        draft.mkdir()
        for name, payload in files.items():
            write(draft / name, payload)
        sync(draft)
        if path.exists():
            path.rename(old)
        draft.rename(path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    sync(path.parent)
