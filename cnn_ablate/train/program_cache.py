"""The compiled programs of this machine, in the cache folder, one folder per key.

A folder is published by a rename, so it is complete; each is built once, under a lock.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from cnn_ablate.data.paths import cache_folder
from cnn_ablate.errors import UserError
from cnn_ablate.locks import Locks
from cnn_ablate.temporary_folder import temporary_folder

_ERROR = "error.txt"
# The SHA-256 that names a folder.
_KEY = re.compile("[0-9a-f]{64}")
# Seconds between two looks at a program that another process is building.
_POLL = 0.1


class Entry(NamedTuple):
    """The folder of a program, and why there is none in it; empty if there is one."""

    folder: Path
    error: str


class ProgramCache:
    """The folder of compiled programs."""

    def __init__(self) -> None:
        self.folder = cache_folder() / "programs"

    def has(self, key: str) -> bool:
        """Return whether a program of this key has been built."""
        return (self.folder / key).is_dir() and not (self.folder / key / _ERROR).exists()

    def entries(self) -> list[Path]:
        """Return the folders of all programs, and of failures to compile one; never a link."""
        folders = self.folder.iterdir() if self.folder.is_dir() else ()
        return sorted(f for f in folders if _KEY.fullmatch(f.name) and not f.is_symlink())

    def find_or_build(self, key: str, build: Callable[[Path], None]) -> Entry:
        """Return the program of a key; `build` writes it to a folder if there is none.

        Where building fails, the reason is kept, so that it is not tried again.

        Raises:
            UserError: the cache cannot be written.
        """
        path = self.folder / key
        try:
            with Locks(self.folder) as locks:
                while not path.is_dir() and not locks.acquire(key):
                    time.sleep(_POLL)
                if not path.is_dir():
                    self._build(path, build)
        except OSError as error:
            what = f"compiled programs cannot be written: {error.strerror or error}."
            hint = "Set CNN_ABLATE_CACHE to a folder with free space, or use --compute eager."
            raise UserError(str(self.folder), what, hint) from error
        error_file = path / _ERROR
        return Entry(path, error_file.read_text("utf-8") if error_file.exists() else "")

    def _build(self, path: Path, build: Callable[[Path], None]) -> None:
        with temporary_folder(self.folder) as scratch:
            try:
                build(scratch)
            except (OSError, MemoryError, UserError):
                raise
            except Exception as error:  # noqa: BLE001 - Inductor raises whatever it meets
                reason = (str(error).strip() or type(error).__name__).splitlines()[0]
                (scratch / _ERROR).write_text(reason, "utf-8")
            scratch.rename(path)
