"""Named files out of archives: streamed one by one, never wherever an archive would put them."""

import gzip
import shutil
import tarfile
from collections.abc import Collection
from pathlib import Path
from typing import Protocol, runtime_checkable


@runtime_checkable
class Readable(Protocol):
    """What bytes can be read from, some at a time."""

    def read(self, count: int = -1, /) -> bytes:
        """Give so many bytes, or the rest."""
        ...


def gunzip(archive: Path, place: Path) -> None:
    """Unpack a .gz to a file."""
    with gzip.open(archive) as packed:
        _keep(packed, place)


def untar(archive: Path, folder: Path, names: Collection[str]) -> None:
    """Unpack these files of a .tar.gz below a folder, and no others.

    Raises:
        OSError: the archive lacks one of them.
    """
    missing = set(names)
    with tarfile.open(archive, "r|gz") as members:
        for member in members:
            if member.name in missing and (packed := members.extractfile(member)):
                missing.remove(member.name)
                _keep(packed, folder / member.name)
    if missing:
        raise OSError(f"{archive} holds no {', '.join(sorted(missing))}")


def _keep(packed: Readable, place: Path) -> None:
    """Write a file whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.part")
    with part.open("wb") as file:
        shutil.copyfileobj(packed, file)
    part.replace(place)
