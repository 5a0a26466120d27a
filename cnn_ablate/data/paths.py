"""Where data sets and the tensor cache lie on this machine; opens nothing."""

import os
from pathlib import Path


def roots(first: Path | None = None) -> tuple[Path, ...]:
    """Give the folders in which data is looked for, in order."""
    named = (first, os.environ.get("CNN_ABLATE_DATA"), _home())
    return tuple(dict.fromkeys(Path(place).expanduser().absolute() for place in named if place))


def tensors() -> Path:
    """Give the folder of the tensor cache."""
    chosen = os.environ.get("CNN_ABLATE_CACHE")
    return Path(chosen).expanduser().absolute() if chosen else _home() / "tensors"


def _home() -> Path:
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "cnn-ablate"
