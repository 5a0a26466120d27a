"""Trials that die, hang or raise: each fails alone, with its reason, and may be retried."""

import ctypes
import os
import signal
import time
from collections.abc import Callable
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from cnn_ablate.errors import UserError
from cnn_ablate.executors import Ended, Job, Resources, worker
from cnn_ablate.executors.checkpoint_timing import Checkpoints
from cnn_ablate.executors.failures import failure_kind, failure_message
from cnn_ablate.executors.local import LocalExecutor
from cnn_ablate.runner import RetryPolicy
from cnn_ablate.schema import ComputeConfig, Trial, TrialResult
from cnn_ablate.store import Store
from support import cli_study, fast_study
from support.fast_study import fork_workers
from test_train import trial

__all__ = ["fork_workers"]
pytestmark = fast_study.allow_fork


def job(results: Path, one: Trial | None = None, timeout: float = 0.0) -> Job:
    """Make a job of a trial."""
    return Job(one or trial(), ComputeConfig(), results, None, timeout=timeout)


def done(one: Trial) -> TrialResult:
    """Make up a result."""
    return TrialResult(trial=one, status="done", compute=ComputeConfig())


def replace_training(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Let trials of seed 0 act instead of training, and others do nothing at all."""

    def load_input(job: Job, *rest: Any) -> Trial:
        if job.trial.seed == 0:
            os.write(2, b"what the trial printed\n")
            action()
        return job.trial

    monkeypatch.setattr(worker, "_load_input", load_input)
    monkeypatch.setattr(worker, "train", lambda one, *_: done(one))


def run_two(tmp_path: Path, timeout: float = 0.0) -> tuple[Ended, Ended]:
    """Run two trials on one worker, the first of which fails."""
    jobs = [job(tmp_path, trial(seed), timeout) for seed in (0, 1)]
    first, second = LocalExecutor(Resources(workers=1)).run(jobs)
    assert isinstance(first, Ended)
    assert isinstance(second, Ended)
    assert second.result
    assert not first.result
    return first, second


def raises(error: Exception) -> Callable[[], None]:
    """Return a function that raises an exception."""

    def action() -> None:
        raise error

    return action


def dies() -> None:
    """Kill this process, as the kernel does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("action", "failure", "message"),
    [
        (dies, "lost", "The worker process died (exit code -9)."),
        (lambda: os._exit(3), "lost", "The worker process died (exit code 3)."),
        (raises(ValueError("so broken")), "error", "ValueError: so broken"),
        (raises(UserError("x.py", "is wrong.")), "error", "x.py: is wrong."),
        (raises(OSError(5, "Input/output error")), "lost", "OSError: [Errno 5] Input/output error"),
        (raises(MemoryError("too much")), "lost", "MemoryError: too much"),
        (raises(EOFError("no more")), "error", "EOFError: no more"),
        (raises(BrokenPipeError(32, "Gone")), "lost", "BrokenPipeError: [Errno 32] Gone"),
    ],
)
def test_a_trial_fails_alone_and_with_its_reason(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    action: Callable[[], object],
    failure: str,
    message: str,
) -> None:
    """The reason comes first, the last lines of the trial's log after it; the next is trained."""
    replace_training(monkeypatch, action)
    first, _ = run_two(tmp_path)
    assert message == first.error.splitlines()[0]
    assert failure == first.failure
    assert first.error.endswith("Last lines of its log:\nwhat the trial printed")
    assert [] == list(Store(tmp_path).scratch.iterdir())


def test_a_closed_pipe_is_no_failure_of_the_trial(tmp_path: Path) -> None:
    """An event that cannot be sent ends the worker, whatever is on the stack."""
    ours, theirs = Pipe()
    ours.close()
    send = worker.event_sender(theirs)
    with pytest.raises(worker.OwnerGoneError):
        list(worker.run_job(job(tmp_path), send, Store(tmp_path)))


def test_a_crash_leaves_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a crash in C code, the message has the line of Python that called it."""
    replace_training(monkeypatch, lambda: ctypes.string_at(0))
    first, _ = run_two(tmp_path)
    assert "The worker process died (exit code -11)." == first.error.splitlines()[0]
    assert "Fatal Python error: Segmentation fault" in first.error


def test_a_trial_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time limit a trial is lost, and its worker is replaced."""
    replace_training(monkeypatch, lambda: time.sleep(600))
    first, _ = run_two(tmp_path, timeout=0.2)
    assert "lost" == first.failure
    assert "so it was stopped (--trial-timeout)." in first.error


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to"),
        RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)"),
    ],
)
def test_too_little_memory_is_one_sentence(tmp_path: Path, error: Exception) -> None:
    """It names the batch size, and what to lower, for every device."""
    assert "memory" == failure_kind(error)
    assert (
        "Out of memory: a batch of 16 images does not fit on cpu; lower training.batch_size."
    ) == failure_message(error, job(tmp_path))


def test_a_run_goes_on_without_what_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial that dies once is trained in the end; one that always dies is recorded as failed."""
    load_input = worker._load_input
    fast_study.run_study(tmp_path / "whole")

    def die_or_load(job: Job, *rest: Any) -> Any:
        marker = tmp_path / f"{job.trial.id}.seen"
        if job.trial.seed == 1 and (job.trial.variant != "baseline" or not marker.exists()):
            marker.touch()
            dies()
        return load_input(job, *rest)

    monkeypatch.setattr(worker, "_load_input", die_or_load)
    results = fast_study.run_study(tmp_path / "broken", workers=2, retry=RetryPolicy(retries=1))
    rows = results.trials.set_index(["variant", "seed"])
    assert {"norm=none"} == {name for name, _ in rows.index[rows["status"] == "failed"]}
    assert "exit code -9" in rows.loc[("norm=none", 1), "error"]
    expected, actual = (
        fast_study.tables(tmp_path / name)["epochs"] for name in ("whole", "broken")
    )
    kept = expected[(expected["variant"] == "baseline") | (expected["seed"] == 0)]
    assert kept.reset_index(drop=True).equals(actual)


def test_what_fails_when_trained_again_keeps_its_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `--fresh` a failure is reported, and an earlier result is kept."""
    fast_study.run_study(tmp_path)
    monkeypatch.setattr(worker, "_load_input", lambda *_: raises(ValueError("so broken"))())
    before = fast_study.tables(tmp_path)["results"].set_index(["seed", "variant"])
    words = ("run", "fast.yaml", "--fresh", "--seeds", 1, "--workers", 1, "--no-pictures")
    code, _, output = cli_study.call(*words, cwd=tmp_path)
    after = fast_study.tables(tmp_path)["results"].set_index(["seed", "variant"])
    assert 2 == code, output
    assert "baseline, seed 0: failed. ValueError: so broken" in output
    assert output.endswith("2 trials failed when trained again; the old results are kept.\n")
    assert before.loc[[0]].equals(after)


class FakeClock:
    """A clock that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


class SlowStore:
    """A store of checkpoints that takes 10 ms of a test's clock for each."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.saved = clock, 0

    def save_checkpoint(self, one: Trial, state: bytes) -> None:
        """Take the time."""
        del one, state
        self.clock.now += 0.01
        self.saved += 1

    def checkpoint(self, one: Trial) -> None:
        """Have none."""


@pytest.mark.parametrize(("epoch", "every", "saved"), [(0.1, 0, 17), (1.0, 0, 100), (1.0, 30, 3)])
def test_checkpoints_take_little_time(
    monkeypatch: pytest.MonkeyPatch, epoch: float, every: float, saved: int
) -> None:
    """In a hundred epochs there are as many as 2 % of the time allows, or as was asked for."""
    clock = FakeClock(monkeypatch)
    store = SlowStore(clock)
    checkpoints = Checkpoints(store, trial(), every)
    for _ in range(100):
        clock.now += epoch
        if checkpoints.is_due():
            checkpoints.save(b"state")
    assert saved == store.saved


def test_training_continues_without_a_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A checkpoint that cannot be written is noted in the log, and is no failure."""
    (tmp_path / "file").touch()
    checkpoints = Checkpoints(Store(tmp_path / "file"), trial())
    checkpoints.save(b"state")
    assert "cannot be written: Not a directory." in capsys.readouterr().err


def test_tables_keep_their_types_beside_failures(tmp_path: Path, monkeypatch: Any) -> None:
    """A failed trial without epochs does not turn the numbers of the others into objects."""
    load_input = worker._load_input

    def fail_or_load(job: Job, *rest: Any) -> Any:
        if job.trial.seed == 0:
            raise ValueError
        return load_input(job, *rest)

    monkeypatch.setattr(worker, "_load_input", fail_or_load)
    results = fast_study.run_study(tmp_path)
    assert pd.api.types.is_float_dtype(results.epochs["train_loss"])
    assert pd.api.types.is_integer_dtype(results.epochs["epoch"])
