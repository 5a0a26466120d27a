"""Processes killed at any moment: the same command then finishes with the same results."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from support import fast_study
from support.fast_study import fork_workers, run_study

__all__ = ["fork_workers"]
pytestmark = fast_study.allow_fork


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """Run the study without interruption: its folder, and the seconds it took."""
    patch = pytest.MonkeyPatch()
    patch.setattr(fast_study.fork_server, "_METHOD", "fork")
    run_study(tmp_path_factory.mktemp("warm"))
    folder = tmp_path_factory.mktemp("unbroken")
    began = time.monotonic()
    fast_study.exit_code(fast_study.fork(lambda: run_study(folder, workers=2)))
    patch.undo()
    return folder, time.monotonic() - began


def children(pid: int) -> list[int]:
    """Return the ids of the child processes of a process."""
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def kill_all(pid: int, chance: random.Random) -> None:
    """Kill the program and its workers at once, as a power failure does."""
    del chance
    os.killpg(pid, signal.SIGKILL)


def kill_main(pid: int, chance: random.Random) -> None:
    """Kill the program only: its workers have to notice."""
    del chance
    os.kill(pid, signal.SIGKILL)


def kill_worker(pid: int, chance: random.Random) -> None:
    """Kill one of the workers."""
    if workers := children(pid):
        os.kill(chance.choice(workers), signal.SIGKILL)


KILLS = (kill_all, kill_main, kill_worker)


def done_files(folder: Path) -> dict[str, int]:
    """Return the inode of the DONE file of each trial that is done."""
    return {p.parent.name: p.stat().st_ino for p in folder.glob("results/trials/*/DONE")}


def survives(folder: Path, seconds: float, chance: random.Random, kills: int) -> int:
    """Run the study, killing it again and again, until it is done; return the number of kills."""
    survived, done = 0, {}
    while True:
        pid = fast_study.fork(lambda: run_study(folder, workers=2))
        if survived < kills:
            time.sleep(chance.uniform(0, seconds))
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                chance.choice(KILLS)(pid, chance)
                survived += 1
                code = fast_study.exit_code(pid)
            else:
                code = 0
        else:
            code = fast_study.exit_code(pid)
        before, done = done, done_files(folder)
        assert before.items() <= done.items()
        if code == 0:
            return survived


def survived(tmp_path: Path, unbroken: tuple[Path, float], kills: int) -> int:
    """Run the study until so many kills have happened, as often as that takes."""
    whole, seconds = unbroken
    chance, total = random.Random(7), 0
    while total < kills:
        folder = tmp_path / f"killed{total}"
        total += survives(folder, seconds, chance, kills - total)
        fast_study.assert_same(whole, folder)
    return total


def test_kill_9_loses_nothing_and_trains_nothing_twice(
    tmp_path: Path, unbroken: tuple[Path, float]
) -> None:
    """After four kills at random moments, of any process, weights and tables are the same."""
    assert 4 == survived(tmp_path, unbroken, 4)


@pytest.mark.slow
def test_two_hundred_kills(tmp_path: Path, unbroken: tuple[Path, float]) -> None:
    """The same, two hundred times."""
    assert 200 == survived(tmp_path, unbroken, 200)
