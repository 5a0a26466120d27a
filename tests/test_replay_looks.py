"""The replay of the committed seeds with looks, and the page that shows it."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that replays them."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    return import_module("replay_looks")


def test_looks_decide_nothing_that_all_seeds_do_not(script: ModuleType) -> None:
    """They take fewer trials, and decide the same contrasts or fewer of them."""
    found = {replay.folder: replay for replay in script.replays()}
    assert {"cifar_cbam-cpu", "fashion_lr"} <= set(found)
    for replay in found.values():
        assert set(replay.decided_by_looks) <= set(replay.decided)
        assert replay.needed < replay.trials
    assert (56, 80) == (found["cifar_cbam-cpu"].needed, found["cifar_cbam-cpu"].trials)


def test_the_page_is_up_to_date(script: ModuleType) -> None:
    """`make generated` changes nothing."""
    page = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
    assert script.written(page) == page
    assert "| `cifar_cbam-cpu` | 3, 5 and 8 | 9 | 80 | 56 (-30%) |" in page
