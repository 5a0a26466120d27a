"""The folders in which user-defined code is searched: that of the study, then the current one."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_folder: ContextVar[Path | None] = ContextVar("user_code_folder", default=None)


@contextmanager
def user_code_folder(folder: Path | None) -> Iterator[None]:
    """Search a folder, usually that of the study file, before the current one while held.

    Names are resolved deep inside validators that take no arguments, so the folder is passed down
    as a context variable; each entry point that works on a study holds it.
    """
    token = _folder.set(folder and folder.resolve())
    try:
        yield
    finally:
        _folder.reset(token)


def is_folder_set() -> bool:
    """Return whether a `user_code_folder` is held."""
    return _folder.get() is not None


def search_folders() -> tuple[Path, ...]:
    """Return the folders in which user-defined code is searched, in order."""
    held = _folder.get()
    return tuple(dict.fromkeys([*([held] if held else []), Path.cwd()]))
