"""Trials that die, hang or raise: each costs itself alone, says why, and may be tried again."""

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from cnn_ablate.errors import UserError
from cnn_ablate.executors import Ended, Event, Job, Resources, worker
from cnn_ablate.executors.checkpoints import Checkpoints
from cnn_ablate.executors.local import Local
from cnn_ablate.locks import Locks
from cnn_ablate.runner import RetryPolicy
from cnn_ablate.runner.queue import JobQueue
from cnn_ablate.schema import ComputeConfig, Trial, TrialResult
from cnn_ablate.store import Store
from support import cli_study, fast_study
from support.fast_study import fork_workers
from test_train import trial

__all__ = ["fork_workers"]
pytestmark = fast_study.allow_fork


def done(one: Trial) -> TrialResult:
    """Make up a result."""
    return TrialResult(trial=one, status="done", compute=ComputeConfig())


def act(monkeypatch: pytest.MonkeyPatch, deed: Callable[[], object]) -> None:
    """Let trials of seed 0 do something else than train, and others nothing at all."""

    def member(job: Job, one: Trial, *rest: Any) -> Trial:
        if one.seed == 0:
            os.write(2, b"what the trial printed\n")
            deed()
        return one

    monkeypatch.setattr(worker, "_member", member)
    monkeypatch.setattr(worker, "train_together", lambda members, _: map(done, members))


def ended(tmp_path: Path, timeout: float = 0.0) -> tuple[Ended, Ended]:
    """Run two trials on one worker, the first of which misbehaves."""
    jobs = [
        Job((trial(seed),), ComputeConfig(), tmp_path, None, timeout=timeout) for seed in (0, 1)
    ]
    first, second = Local(Resources(workers=1)).run(jobs)
    assert isinstance(first, Ended)
    assert isinstance(second, Ended)
    assert second.result
    assert not first.result
    return first, second


def raises(fault: Exception) -> Callable[[], None]:
    """Give what raises an exception."""

    def deed() -> None:
        raise fault

    return deed


def dies() -> None:
    """Do as the kernel does that is out of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("deed", "fault", "said"),
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
def test_a_trial_costs_only_itself_and_says_why(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    deed: Callable[[], object],
    fault: str,
    said: str,
) -> None:
    """The reason comes first, the last lines of the trial's log after it; the next is trained."""
    act(monkeypatch, deed)
    first, _ = ended(tmp_path)
    assert said == first.error.splitlines()[0]
    assert fault == first.fault
    assert first.error.endswith("Last lines of its log:\nwhat the trial printed")
    assert [] == list(Store(tmp_path).scratch.iterdir())


def test_only_a_pipe_that_breaks_ends_its_worker(tmp_path: Path) -> None:
    """What sending meets is told apart from what a trial raises, by everything on its way."""
    ours, theirs = Pipe()
    ours.close()
    send = worker.sender(theirs)
    with pytest.raises(worker.OwnerGoneError):
        list(
            worker.attempts(Job((trial(),), ComputeConfig(), tmp_path, None), send, Store(tmp_path))
        )


def test_a_crash_leaves_its_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where C code breaks, the log says in which line of Python."""
    act(monkeypatch, lambda: ctypes.string_at(0))
    first, _ = ended(tmp_path)
    assert "The worker process died (exit code -11)." == first.error.splitlines()[0]
    assert "Fatal Python error: Segmentation fault" in first.error


def test_a_trial_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time a trial is lost, and its worker is replaced."""
    act(monkeypatch, lambda: time.sleep(600))
    first, _ = ended(tmp_path, timeout=0.2)
    assert "lost" == first.fault
    assert "so it was stopped (--trial-timeout)." in first.error


class Scripted:
    """An executor whose trials end as a script says; keeps the jobs that it was given."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        self.jobs: list[Job] = []

    def run(self, jobs: Any) -> Iterator[Event]:
        """End each trial with the next fault of the script, or well."""
        for job in jobs:
            self.jobs.append(job)
            for one in job.trials:
                fault: Any = self.faults.pop(0) if self.faults else ""
                result = None if fault else done(one)
                yield Ended(one, job.compute, result, fault, fault or "error")


@pytest.mark.parametrize(
    ("faults", "retries", "attempts", "status"),
    [
        (["error"], 5, 1, "error"),
        (["lost"], 1, 2, ""),
        (["lost", "lost"], 1, 2, "lost"),
        (["lost"], 0, 1, "lost"),
        (["lost", "lost", "error"], 2, 3, "error"),
        (["memory", "memory", "lost"], 1, 4, ""),
    ],
)
def test_what_is_tried_again(
    tmp_path: Path, faults: list[str], retries: int, attempts: int, status: str
) -> None:
    """A trial that was lost is tried so many times more; an error of its own is final."""
    executor = Scripted(faults)
    with Locks(tmp_path / ".locks") as locks:
        jobs = [Job((trial(),), ComputeConfig(), tmp_path, None)]
        [event] = JobQueue(jobs, Store(tmp_path), locks, retries=retries).events(executor)
    assert status == event.error
    assert attempts == len(executor.jobs)


def test_too_little_memory_halves_the_batch(tmp_path: Path) -> None:
    """A stack is taken apart first, then batches are halved down to one image, then it is over."""
    executor = Scripted(["memory"] * 7)
    pair = (trial(0), trial(1, training__batch_size=1))
    with Locks(tmp_path / ".locks") as locks:
        jobs = [Job(pair, ComputeConfig(stack=2), tmp_path, None)]
        events = list(JobQueue(jobs, Store(tmp_path), locks).events(executor))
    tried = [
        (job.trials[0].seed, job.compute.stack, job.compute.micro_batch) for job in executor.jobs
    ]
    assert [(0, 2, 0), (0, 1, 0), (1, 1, 0), (0, 1, 8), (0, 1, 4), (0, 1, 2), (0, 1, 1)] == tried
    assert [1, 0] == [event.trial.seed for event in events if isinstance(event, Ended)]


@pytest.mark.parametrize(("norm", "fault"), [("none", "memory"), ("batch", "error")])
def test_batch_norm_needs_whole_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, norm: str, fault: str
) -> None:
    """Where statistics are taken over the batch, parts of it would be another experiment."""

    def full(*rest: object, **named: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(worker, "train_together", full)
    job = Job((trial(model__norm=norm),), ComputeConfig(), tmp_path, None)
    [event] = worker.attempts(job, print, Store(tmp_path))
    assert fault == event.fault


def test_a_run_goes_on_without_what_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial that dies once is trained in the end; one that always dies is recorded as failed."""
    whole = worker._member
    fast_study.ran(tmp_path / "whole")

    def member(job: Job, one: Trial, *rest: Any) -> Any:
        marker = tmp_path / f"{one.id}.seen"
        if one.seed == 1 and (one.variant != "baseline" or not marker.exists()):
            marker.touch()
            dies()
        return whole(job, one, *rest)

    monkeypatch.setattr(worker, "_member", member)
    results = fast_study.ran(tmp_path / "broken", workers=2, patience=RetryPolicy(retries=1))
    rows = results.trials.set_index(["variant", "seed"])
    assert {"norm=none"} == {name for name, _ in rows.index[rows["status"] == "failed"]}
    assert "exit code -9" in rows.loc[("norm=none", 1), "error"]
    expected, found = (fast_study.tables(tmp_path / name)["epochs"] for name in ("whole", "broken"))
    kept = expected[(expected["variant"] == "baseline") | (expected["seed"] == 0)]
    assert kept.reset_index(drop=True).equals(found)


def test_what_fails_when_trained_again_keeps_its_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `--fresh` a failure is told and costs no result that was there."""
    fast_study.ran(tmp_path)
    monkeypatch.setattr(worker, "_member", lambda *_: raises(ValueError("so broken"))())
    before = fast_study.tables(tmp_path)["results"].set_index(["seed", "variant"])
    words = ("run", "fast.yaml", "--fresh", "--seeds", 1, "--workers", 1, "--no-pictures")
    code, _, said = cli_study.call(*words, cwd=tmp_path)
    after = fast_study.tables(tmp_path)["results"].set_index(["seed", "variant"])
    assert 2 == code
    assert "baseline, seed 0: failed. ValueError: so broken" in said
    assert said.endswith("2 trials failed when trained again; the old results are kept.\n")
    assert before.loc[[0]].equals(after)


class TimeoutClock:
    """A clock that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


class Slow:
    """States that take 10 ms of a test's clock to keep."""

    def __init__(self, clock: TimeoutClock) -> None:
        self.clock, self.kept = clock, 0

    def save_checkpoint(self, one: Trial, state: bytes) -> None:
        """Take the time."""
        del one, state
        self.clock.now += 0.01
        self.kept += 1

    def checkpoint(self, one: Trial) -> None:
        """Have nothing."""


@pytest.mark.parametrize(("epoch", "every", "kept"), [(0.1, 0, 17), (1.0, 0, 100), (1.0, 30, 3)])
def test_checkpoints_cost_little(
    monkeypatch: pytest.MonkeyPatch, epoch: float, every: float, kept: int
) -> None:
    """After a hundred epochs states were kept as often as 2 % of the time allow, or as asked."""
    clock = TimeoutClock(monkeypatch)
    states = Slow(clock)
    checkpoints = Checkpoints(states, trial(), every)
    for _ in range(100):
        clock.now += epoch
        if checkpoints.due():
            checkpoints.keep(b"state")
    assert kept == states.kept


def test_a_trial_goes_on_where_its_state_has_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A checkpoint that cannot be written is said in the log, and is no failure."""
    (tmp_path / "file").touch()
    checkpoints = Checkpoints(Store(tmp_path / "file"), trial())
    checkpoints.keep(b"state")
    assert "cannot be written: Not a directory." in capsys.readouterr().err


def test_tables_keep_their_types_beside_failures(tmp_path: Path, monkeypatch: Any) -> None:
    """A failed trial without epochs does not turn the numbers of the others into objects."""
    whole = worker._member

    def member(job: Job, one: Trial, *rest: Any) -> Any:
        if one.seed == 0:
            raise ValueError
        return whole(job, one, *rest)

    monkeypatch.setattr(worker, "_member", member)
    results = fast_study.ran(tmp_path)
    assert pd.api.types.is_float_dtype(results.epochs["train_loss"])
    assert pd.api.types.is_integer_dtype(results.epochs["epoch"])
