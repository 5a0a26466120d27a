"""Locks by name, as files in a folder; the system releases them when their process ends.

The process that holds a lock writes into its file who it is, which others read without a lock.
"""

import errno
import json
import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from cnn_ablate.text import duration

# Errors of file systems that have no locks. There, every lock is granted.
_UNSUPPORTED = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)


@dataclass(frozen=True)
class LockHolder:
    """A process that holds a lock, the host name of its machine, and when it acquired the lock."""

    process: int
    machine: str
    since: datetime

    def __str__(self) -> str:
        """Return the process, and since when it holds the lock, in local time."""
        since, now = self.since.astimezone(), datetime.now().astimezone()
        clock = f"{since:%H:%M:%S}" if since.date() == now.date() else f"{since:%Y-%m-%d %H:%M:%S}"
        passed = duration(max((now - since).total_seconds(), 0))
        return f"process {self.process} on {self.machine}, since {clock} ({passed})"


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
        # Without a fallback to files whose presence is the lock: those outlive a killed process.
        lock = FileLock(self._path(name), on_acquired=_write_holder, fallback_to_soft=False)
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

    def holder(self, name: str) -> LockHolder | None:
        """Return who holds a lock that was refused; None if its file does not say so."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            written = json.loads(self._path(name).read_bytes())
            since = datetime.fromisoformat(written["since"]).astimezone(UTC)
            return LockHolder(int(written["process"]), str(written["machine"]), since)
        return None

    def is_held(self, name: str) -> bool:
        """Return whether this process holds a lock that the file system grants to no other."""
        return name in self.held and self.held[name].is_locked

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
        # Not by `Path.glob`, for which a folder that cannot be read is empty.
        files = self.folder.iterdir() if self.folder.is_dir() else ()
        names = [path.stem for path in files if path.match(f"{prefix}*.lock")]
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


def _write_holder(descriptor: int) -> None:
    """Write into the file of a lock which process holds it."""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    holder = {"process": os.getpid(), "machine": platform.node(), "since": since}
    with suppress(OSError):  # the lock holds on a full disk, too
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps(holder).encode())
