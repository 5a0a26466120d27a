"""The folders of data sets and of the tensor cache on this machine; opens nothing."""

import os
from pathlib import Path

from cnn_ablate.errors import UserError


def data_roots(first: Path | None = None) -> tuple[Path, ...]:
    """Return the folders in which data sets are searched, in order."""
    candidates = (first, os.environ.get("CNN_ABLATE_DATA"), _home())
    return tuple(dict.fromkeys(expanded(root).absolute() for root in candidates if root))


def expanded(path: str | Path) -> Path:
    """Return a path with `~` and `~user` replaced.

    Raises:
        UserError: there is no such user, or this one has no home folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        hint = "Set HOME to a folder, or write the path in full."
        raise UserError(str(path), "names a home folder that is not known.", hint) from None


def cache_folder() -> Path:
    """Return the folder of the tensor cache."""
    chosen = os.environ.get("CNN_ABLATE_CACHE")
    return expanded(chosen).absolute() if chosen else _home() / "tensors"


def _home() -> Path:
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else expanded("~/.cache")) / "cnn-ablate"
