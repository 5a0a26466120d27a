"""Locks on names in a folder; they end with the process that holds them, however it ends."""

import errno
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

# What file systems say that know no locks: there every process works as if it were alone.
_UNKNOWN = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)


class Locks:
    """What this process holds of a folder's locks, each a file while someone holds it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.held: dict[str, FileLock] = {}

    def take(self, name: str) -> bool:
        """Take a lock, unless another process holds it.

        Raises:
            OSError: the folder cannot be written.
        """
        if name in self.held:
            return True
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._path(name))
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        except OSError as fault:
            if fault.errno not in _UNKNOWN:
                raise
        self.held[name] = lock
        return True

    def drop(self, name: str) -> None:
        """Let a lock go, if it is held; its file goes first, so that no one waits for a ghost."""
        if lock := self.held.pop(name, None):
            self._path(name).unlink(missing_ok=True)
            lock.release()

    def others(self, prefix: str) -> list[str]:
        """List the names that other processes hold; what dead ones left is removed."""
        names = [path.stem for path in self.folder.glob(f"{prefix}*.lock")]
        living = []
        for name in names:
            if name in self.held:
                continue
            if self.take(name):
                self.drop(name)
            else:
                living.append(name)
        return living

    def close(self) -> None:
        """Let all locks go."""
        for name in [*self.held]:
            self.drop(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.lock"
