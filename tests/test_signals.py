"""Ctrl-C, SIGTERM and SIGSTOP during a run: what is done is kept, and the same command goes on."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cnn_ablate.executors import Ended, Event
from cnn_ablate.runner import RetryPolicy
from cnn_ablate.runner.signals import Interrupts
from support import fast_study
from support.fast_study import fork_workers, run_study

__all__ = ["fork_workers"]
pytestmark = fast_study.allow_fork


def at_first_end(deed: Callable[[], object]) -> Callable[[Event], None]:
    """Do something when the first trial has ended."""
    todo = [deed]

    def observe(event: Event) -> None:
        if isinstance(event, Ended) and todo:
            todo.pop()()

    return observe


def send(number: signal.Signals) -> None:
    """Send this process a signal."""
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_its_tables_written(
    tmp_path: Path, number: signal.Signals
) -> None:
    """The first one is obeyed in peace: all that is done is in the tables, and the run resumes."""
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        run_study(tmp_path, observe=at_first_end(lambda: send(number)))
    assert before is signal.getsignal(number)
    assert ["done"] == list(fast_study.tables(tmp_path)["results"]["status"])
    assert [] == list((tmp_path / "results" / ".locks").iterdir())
    assert fast_study.TRIALS == len(run_study(tmp_path).trials)


def test_a_first_signal_waits_for_what_is_being_written() -> None:
    """Nothing is cut short, and then the run ends."""
    written = []

    def write(interrupts: Interrupts) -> None:
        with interrupts.writing_first():
            send(signal.SIGINT)
            written.append("whole")
        written.append("never")

    with Interrupts() as interrupts, pytest.raises(KeyboardInterrupt):
        write(interrupts)
    assert ["whole"] == written


def test_a_second_signal_does_not_wait() -> None:
    """Who asks twice means it."""
    written = []

    def write(interrupts: Interrupts) -> None:
        with interrupts.writing_first():
            send(signal.SIGINT)
            written.append("half")
            send(signal.SIGINT)
            written.append("never")

    with Interrupts() as interrupts, pytest.raises(KeyboardInterrupt):
        write(interrupts)
    assert ["half"] == written


def test_after_the_first_signal_the_next_is_obeyed_at_once(tmp_path: Path) -> None:
    """While the tables of an interrupted run are written, a second Ctrl-C ends it now."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnn_ablate.runner.run.write_study", lambda *_: send(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            run_study(tmp_path, observe=at_first_end(lambda: send(signal.SIGINT)))
    assert not (tmp_path / "results" / "fast" / "results.csv").exists()
    assert fast_study.TRIALS == len(run_study(tmp_path).trials)


def stopped(folder: Path, seconds: float) -> None:
    """Run the study with short patience, and stop it with all its workers for a while."""
    patience = RetryPolicy(retries=0, trial_timeout=seconds / 2)
    pid = fast_study.fork(lambda: run_study(folder, workers=2, patience=patience))
    while not any(folder.glob("results/.checkpoints/*")):
        assert (0, 0) == os.waitpid(pid, os.WNOHANG)
        time.sleep(0.01)
    os.killpg(pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.killpg(pid, signal.SIGCONT)
    assert 0 == fast_study.exit_code(pid)


@pytest.mark.slow
def test_a_run_that_is_stopped_goes_on(tmp_path: Path) -> None:
    """SIGSTOP and SIGCONT change nothing; no trial is taken to hang for it."""
    run_study(tmp_path / "whole")
    stopped(tmp_path / "stopped", 60.0)
    fast_study.assert_same(tmp_path / "whole", tmp_path / "stopped")
