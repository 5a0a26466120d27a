"""The folders of data sets and of the tensor cache on this machine; opens nothing."""

import os
from pathlib import Path


def data_roots(first: Path | None = None) -> tuple[Path, ...]:
    """Return the folders in which data sets are searched, in order."""
    candidates = (first, os.environ.get("CNN_ABLATE_DATA"), _home())
    return tuple(dict.fromkeys(Path(root).expanduser().absolute() for root in candidates if root))


def cache_folder() -> Path:
    """Return the folder of the tensor cache."""
    chosen = os.environ.get("CNN_ABLATE_CACHE")
    return Path(chosen).expanduser().absolute() if chosen else _home() / "tensors"


def _home() -> Path:
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "cnn-ablate"
