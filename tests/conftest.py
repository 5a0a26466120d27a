"""What every test gets: no cache, data or settings of the user who runs them."""

from collections.abc import Iterator
from pathlib import Path

import jaxtyping
import pytest
import torch
from hypothesis import settings

# A loaded machine is no failure.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests out of the user's caches, and on one thread."""
    monkeypatch.setenv("CNN_ABLATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CNN_ABLATE_DATA", raising=False)
    torch.set_num_threads(1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give an empty data root."""
    place = tmp_path / "data"
    place.mkdir()
    return place


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Leave shapes unchecked: torch cannot compile the checks."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
