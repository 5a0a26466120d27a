"""Unpack named files from archives, one stream at a time; other members are never written."""

import gzip
import shutil
import tarfile
from collections.abc import Collection
from pathlib import Path
from typing import Protocol, runtime_checkable


@runtime_checkable
class Readable(Protocol):
    """A binary stream."""

    def read(self, count: int = -1, /) -> bytes:
        """Return up to `count` bytes, or the rest."""
        ...


def gunzip(archive: Path, file: Path) -> None:
    """Unpack a .gz to a file."""
    with gzip.open(archive) as stream:
        _write(stream, file)


def untar(archive: Path, folder: Path, names: Collection[str]) -> None:
    """Unpack these files of a .tar.gz below a folder, and no others.

    Raises:
        OSError: the archive lacks one of them.
    """
    missing = set(names)
    with tarfile.open(archive, "r|gz") as members:
        for member in members:
            if member.name in missing and (stream := members.extractfile(member)):
                missing.remove(member.name)
                _write(stream, folder / member.name)
    if missing:
        raise OSError(f"{archive} does not contain {', '.join(sorted(missing))}")


def _write(stream: Readable, file: Path) -> None:
    """Write a file completely or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    with part.open("wb") as opened:
        shutil.copyfileobj(stream, opened)
    part.replace(file)
