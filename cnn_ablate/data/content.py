"""The contents of files as one digest; files that have not changed since are not read again."""

import hashlib
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

# Younger changes than this may share a time stamp with later ones, as in git's "racy" files.
_SETTLED_SECONDS = 3


def content_digest(files: Sequence[Path], cache: Path) -> str:
    """Return the SHA-256 of the contents of files, and of their names below their common folder.

    What was read is remembered in the cache by the state of all files: name, inode, size, and times
    of change. Of these, no program can set the time of the last change of the inode, which also
    renaming and setting times update.

    Raises:
        OSError: a file cannot be read.
    """
    state, newest = _state(files)
    known = cache / "contents" / state
    with suppress(OSError):
        return known.read_text(encoding="ascii")
    began = time.time()
    digest = _read(files)
    if began - newest > _SETTLED_SECONDS and _state(files)[0] == state:
        with suppress(OSError):  # a cache that cannot be written is reported when it is needed
            known.parent.mkdir(parents=True, exist_ok=True)
            temporary = known.with_name(f".{state}.{os.getpid()}")
            temporary.write_text(digest, encoding="ascii")
            temporary.replace(known)
    return digest


def _state(files: Sequence[Path]) -> tuple[str, float]:
    """Return a digest of the state of files, and the time of their latest change in seconds."""
    digest, newest = hashlib.sha256(), 0
    for file in files:
        stat = file.stat()
        numbers = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        digest.update(f"{file}\0{numbers}\0".encode())
        newest = max(newest, stat.st_ctime_ns, stat.st_mtime_ns)
    return digest.hexdigest(), newest / 1e9


def _read(files: Sequence[Path]) -> str:
    root = os.path.commonpath([file.parent for file in files])
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as opened:
            content = hashlib.file_digest(opened, "sha256").digest()
        digest.update(f"{os.path.relpath(file, root)}\0".encode() + content)
    return digest.hexdigest()
