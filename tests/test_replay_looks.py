"""The page on statistics: its replay of the committed seeds with looks, and its examples."""

import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pandas as pd
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


def test_the_examples_are_sentences_of_committed_tables() -> None:
    """Each quoted line is an effect or the reason of a verdict that anybody can look up."""
    page = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
    quoted = re.findall(r"^> (.+)$", page, re.MULTILINE)
    written: set[str] = set()
    for study in ("fashion_lr", "cifar_cbam-cpu"):
        for table, column in (("effects", "sentence"), ("claims", "reason")):
            written |= set(pd.read_csv(ROOT / "results" / study / f"{table}.csv")[column])
    assert [] == [line for line in quoted if line not in written]
    assert len(quoted) > 10
