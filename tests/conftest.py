"""Fixtures of all tests, which keep the caches and data of the user out.

Fixtures import what they need: the process that hands the tests out starts without torch.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import jaxtyping
import matplotlib as mpl
import pytest
from hypothesis import settings

# Each process would make its list of fonts anew where the cache is empty.
os.environ["MPLCONFIGDIR"] = mpl.get_cachedir()
# A loaded machine is no failure.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests out of the user's caches, and on one thread."""
    monkeypatch.setenv("CNN_ABLATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CNN_ABLATE_DATA", raising=False)
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def one_figure() -> Iterator[None]:
    """Draw one figure per report: all of them take seconds."""
    from cnn_ablate.report import page_content  # noqa: PLC0415
    from cnn_ablate.report.figures import FIGURES  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_content, "FIGURES", {"effects": FIGURES["effects"]})
        yield


@pytest.fixture(scope="module")
def all_figures() -> Iterator[None]:
    """Draw all figures, in the tests of a file that asks for it."""
    from cnn_ablate.report import page_content  # noqa: PLC0415
    from cnn_ablate.report.figures import FIGURES  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_content, "FIGURES", FIGURES)
        yield


@pytest.fixture(autouse=True)
def no_user_modules() -> Iterator[None]:
    """Import user modules anew in each test: many write a `nets.py` of their own."""
    from support.restart_python import restart_python  # noqa: PLC0415

    yield
    restart_python()


@pytest.fixture
def tiny_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accept a few images in the place of published data sets."""
    from support import data_files  # noqa: PLC0415

    data_files.tiny(monkeypatch)


@pytest.fixture
def root(tmp_path: Path, tiny_data: None) -> Path:
    """An empty data folder, for tiny data sets."""
    place = tmp_path / "data"
    place.mkdir()
    return place


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Disable shape checks, which torch cannot compile."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
