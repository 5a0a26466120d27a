"""SIGINT, SIGTERM and SIGSTOP during a run: results are kept, and the same command resumes it."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cnn_ablate.executors import Ended, Event
from cnn_ablate.runner import RetryPolicy
from cnn_ablate.runner.signals import InterruptHandler
from support import fast_study
from support.fast_study import fork_workers, run_study

__all__ = ["fork_workers"]
pytestmark = fast_study.allow_fork


def at_first_end(action: Callable[[], object]) -> Callable[[Event], None]:
    """Return an observer that acts once, when the first trial has ended."""
    actions = [action]

    def on_event(event: Event) -> None:
        if isinstance(event, Ended) and actions:
            actions.pop()()

    return on_event


def send(number: signal.Signals) -> None:
    """Send this process a signal."""
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_its_tables_written(
    tmp_path: Path, number: signal.Signals
) -> None:
    """All finished trials are in the tables, and the same command resumes the run.

    What shows the end of a trial is not cut off.
    """
    before, shown = signal.getsignal(number), []
    with pytest.raises(KeyboardInterrupt):
        run_study(tmp_path, on_event=at_first_end(lambda: (send(number), shown.append("whole"))))
    assert ["whole"] == shown
    assert before is signal.getsignal(number)
    assert ["done"] == list(fast_study.tables(tmp_path)["results"]["status"])
    assert [] == list((tmp_path / "results" / ".locks").iterdir())
    assert fast_study.TRIALS == len(run_study(tmp_path).trials)


def test_a_first_signal_waits_until_a_file_is_written() -> None:
    """The block ends, and then the run."""
    written = []

    def write(interrupts: InterruptHandler) -> None:
        with interrupts.deferred():
            send(signal.SIGINT)
            written.append("whole")
        written.append("never")

    with InterruptHandler() as interrupts, pytest.raises(KeyboardInterrupt):
        write(interrupts)
    assert ["whole"] == written


def test_a_second_signal_does_not_wait() -> None:
    """It ends the run at once."""
    written = []

    def write(interrupts: InterruptHandler) -> None:
        with interrupts.deferred():
            send(signal.SIGINT)
            written.append("half")
            send(signal.SIGINT)
            written.append("never")

    with InterruptHandler() as interrupts, pytest.raises(KeyboardInterrupt):
        write(interrupts)
    assert ["half"] == written


def test_a_second_signal_ends_an_interrupted_run_at_once(tmp_path: Path) -> None:
    """While the tables of an interrupted run are written, a second Ctrl-C ends it now."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnn_ablate.runner.run.write_study", lambda *_: send(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            run_study(tmp_path, on_event=at_first_end(lambda: send(signal.SIGINT)))
    assert not (tmp_path / "results" / "fast" / "results.csv").exists()
    assert fast_study.TRIALS == len(run_study(tmp_path).trials)


def run_with_pause(folder: Path, seconds: float) -> None:
    """Run the study with a short time limit, and stop all its processes for some seconds."""
    retry = RetryPolicy(retries=0, trial_timeout=seconds / 2)
    pid = fast_study.fork(lambda: run_study(folder, workers=2, retry=retry))
    while not any(folder.glob("results/.checkpoints/*")):
        assert (0, 0) == os.waitpid(pid, os.WNOHANG)
        time.sleep(0.01)
    os.killpg(pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.killpg(pid, signal.SIGCONT)
    assert 0 == fast_study.exit_code(pid)


@pytest.mark.slow
def test_a_stopped_run_continues(tmp_path: Path) -> None:
    """SIGSTOP and SIGCONT change no result, and no trial exceeds its time limit by them."""
    run_study(tmp_path / "whole")
    run_with_pause(tmp_path / "stopped", 60.0)
    fast_study.assert_same(tmp_path / "whole", tmp_path / "stopped")
