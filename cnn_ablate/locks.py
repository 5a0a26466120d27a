"""Locks by name, as files in a folder; the system releases them when their process ends."""

import errno
import os
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

# Errors of file systems that have no locks. There, every lock is granted.
_UNSUPPORTED = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)


class Locks:
    """The locks of a folder that this process holds, each a file while it is held."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.held: dict[str, FileLock] = {}

    def acquire(self, name: str) -> bool:
        """Acquire a lock, without waiting; return whether this process holds it now.

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
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
        if self._was_removed(name, lock):
            lock.release()
            return False
        self.held[name] = lock
        return True

    def _was_removed(self, name: str, lock: FileLock) -> bool:
        """Return whether another process removed the file after it was opened, before the lock."""
        descriptor = lock._context.lock_file_fd  # noqa: SLF001 - it is nowhere else
        if descriptor is None:
            return False
        try:
            return not os.path.samestat(os.fstat(descriptor), self._path(name).stat())
        except FileNotFoundError:
            return True

    def release(self, name: str) -> None:
        """Release a lock, if it is held.

        The file is unlinked first, so that no other process locks a file that is then deleted.
        """
        if lock := self.held.pop(name, None):
            self._path(name).unlink(missing_ok=True)
            lock.release()

    def held_by_others(self, prefix: str) -> list[str]:
        """Return the names with a prefix that other processes hold.

        Files left by processes that have ended are removed.
        """
        names = [path.stem for path in self.folder.glob(f"{prefix}*.lock")]
        locked = []
        for name in names:
            if name in self.held:
                continue
            # Only a test shows whether the process that made the file still holds the lock.
            if self.acquire(name):
                self.release(name)
            else:
                locked.append(name)
        return locked

    def release_all(self) -> None:
        """Release all locks."""
        for name in [*self.held]:
            self.release(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.release_all()

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.lock"
