"""The folders in which user-defined code is searched: that of the study, then the current one."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_folders: ContextVar[tuple[Path, ...]] = ContextVar("user_code_folders", default=())


@contextmanager
def user_code_folder(*folders: Path | None) -> Iterator[None]:
    """Search folders, usually that of the study file, before the current one while held.

    Names are resolved deep inside validators that take no arguments, so the folder is passed down
    as a context variable; each entry point that works on a study holds it.
    """
    token = _folders.set(tuple(folder.resolve() for folder in folders if folder))
    try:
        yield
    finally:
        _folders.reset(token)


def is_folder_set() -> bool:
    """Return whether a `user_code_folder` is held."""
    return bool(_folders.get())


def search_folders() -> tuple[Path, ...]:
    """Return the folders in which user-defined code is searched, in order."""
    return tuple(dict.fromkeys([*_folders.get(), Path.cwd()]))
