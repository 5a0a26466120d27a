"""Several runs of one study on one folder: all finish, and each trial is trained once."""

import os
import platform
import random
import re
import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cnn_ablate.cli.progress_bars import describe_wait
from cnn_ablate.errors import UserError
from cnn_ablate.executors import Ended, Event, Job, Waiting, worker
from cnn_ablate.locks import LockHolder, Locks
from cnn_ablate.runner import queue
from cnn_ablate.schema import ComputeConfig, TrialResult, hash_of
from cnn_ablate.store import Store, read
from support import fast_study
from support.fast_study import fork_workers, run_study
from test_queue import ScriptedExecutor
from test_train import trial

__all__ = ["fork_workers"]
pytestmark = fast_study.allow_fork


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file to which every worker appends the ids of the trials that it has trained."""
    ids, train = tmp_path / "trained.txt", worker.train

    def train_and_record(*args: Any) -> TrialResult:
        result = train(*args)
        with ids.open("a") as file:
            file.write(f"{result.trial.id}\n")
        return result

    monkeypatch.setattr(worker, "train", train_and_record)
    return ids


def test_two_runs_share_the_work(tmp_path: Path, trained: Path) -> None:
    """Both succeed, no trial is trained twice, and the tables are complete."""
    runs = [fast_study.fork(lambda: run_study(tmp_path / "shared")) for _ in range(2)]
    assert [0, 0] == [fast_study.exit_code(pid) for pid in runs]
    assert [1] * fast_study.TRIALS == list(Counter(trained.read_text().split()).values())
    run_study(tmp_path / "alone")
    fast_study.assert_same(tmp_path / "alone", tmp_path / "shared")
    assert [] == list((tmp_path / "shared/results/.locks").iterdir())


def test_runs_of_two_studies_share_equal_trials(
    tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trial is trained once, also if it is a variant of one and the baseline of the other."""
    shared, study, runs = tmp_path / "shared", fast_study.STUDY, []
    shared.mkdir()
    for baseline in ("batch", "none"):
        text = study.replace("fast", f"of_{baseline}").replace("norm: batch", f"norm: {baseline}")
        monkeypatch.setattr(fast_study, "STUDY", text)
        folder = tmp_path / baseline
        folder.mkdir()
        (folder / "results").symlink_to(shared)
        runs.append(fast_study.fork(partial(run_study, folder)))
    assert [0, 0] == [fast_study.exit_code(pid) for pid in runs]
    hashes = [hash_of(name) for name in trained.read_text().split()]
    assert [1] * fast_study.TRIALS == list(Counter(hashes).values())
    for baseline in ("batch", "none"):
        assert fast_study.TRIALS == len(read(shared, f"of_{baseline}").trials)


def test_workers_do_not_matter(tmp_path: Path) -> None:
    """One worker and two write the same bytes."""
    for workers in (1, 2):
        run_study(tmp_path / f"{workers}", workers=workers)
    fast_study.assert_same(tmp_path / "1", tmp_path / "2")


@pytest.mark.slow
def test_eight_runs_four_of_them_killed(tmp_path: Path) -> None:
    """The four that are left do the work of all."""
    run_study(tmp_path / "alone")
    chance = random.Random(3)
    for attempt in range(5):
        folder = tmp_path / f"shared{attempt}"
        runs = [fast_study.fork(partial(run_study, folder)) for _ in range(8)]
        for pid in runs[:4]:
            time.sleep(chance.uniform(0, 1))
            os.killpg(pid, signal.SIGKILL)
        codes = [fast_study.exit_code(pid) for pid in runs]
        assert [0] * 4 == codes[4:]
        fast_study.assert_same(tmp_path / "alone", folder)


def test_a_lock_dies_with_its_holder(tmp_path: Path) -> None:
    """A lock is refused while its process lives, and free after kill -9."""

    def hold() -> None:
        locks = Locks(tmp_path)
        assert locks.acquire("trial")
        (tmp_path / "held").touch()
        time.sleep(30)

    pid = fast_study.fork(hold)
    while not (tmp_path / "held").exists():
        time.sleep(0.005)
    mine = Locks(tmp_path)
    taken, others = mine.acquire("trial"), mine.held_by_others("tri")
    os.kill(pid, signal.SIGKILL)
    fast_study.exit_code(pid)
    assert (False, ["trial"]) == (taken, others)
    assert [] == mine.held_by_others("tri")
    assert mine.acquire("trial")


def test_a_run_that_waits_for_another_writes_heartbeats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are no events meanwhile; if the other run ends without a result, this one trains."""
    monkeypatch.setattr(queue, "_PAUSE", 0.0)
    executor, beats = ScriptedExecutor([]), []
    theirs, ours = Locks(tmp_path / ".locks"), Locks(tmp_path / ".locks")
    assert theirs.acquire(trial().key)

    def heartbeat() -> None:
        beats.append(len(executor.batches))
        if len(beats) == 3:
            theirs.release_all()

    jobs = [Job(trial(), ComputeConfig(), tmp_path, None)]
    with ours:
        waiting, event = queue.JobQueue(jobs, Store(tmp_path), ours).events(executor, heartbeat)
    assert isinstance(waiting, Waiting)
    assert isinstance(event, Ended)
    assert event.result
    assert [0, 0, 0] == beats
    assert [[0]] == executor.batches


def test_a_run_says_for_whom_it_waits_and_since_when(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Process, machine and time of the run that trains all that is left, until it is killed."""
    monkeypatch.setattr(queue, "_PAUSE", 0.01)
    store, seen = Store(tmp_path / "results"), list[Waiting]()
    trials = fast_study.prepared(tmp_path).plan.trials

    def hold() -> None:
        with store.run_lock() as locks:
            assert all(locks.acquire(trial.key) for trial in trials)
            (tmp_path / "held").touch()
            time.sleep(60)

    def kill(event: Event) -> None:
        if isinstance(event, Waiting):
            seen.append(event)
            os.kill(pid, signal.SIGKILL)

    pid = fast_study.fork(hold)
    while not (tmp_path / "held").exists():
        time.sleep(0.005)
    done = run_study(tmp_path, on_event=kill)
    fast_study.exit_code(pid)
    assert fast_study.TRIALS == sum(done.trials["status"] == "done")
    assert re.fullmatch(
        rf"Waiting for 4 trials that another run is training: process {pid} on "
        rf"{re.escape(platform.node())}, since \d\d:\d\d:\d\d \(\d s\)\.",
        describe_wait(seen[0]),
    )


def test_who_uses_a_store_is_said_to_those_who_clean_and_to_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run waits for a clean-up and says so; a clean-up names the run, or the other clean-up."""
    monkeypatch.setattr("cnn_ablate.store.trials._MOMENT", 0.0)
    store, other, seen = Store(tmp_path), Locks(tmp_path / ".locks"), list[LockHolder | None]()
    held = rf": process {os.getpid()} on {re.escape(platform.node())}, since "
    with store.run_lock(), pytest.raises(UserError, match=f"a run is under way{held}"):
        store.exclusive().__enter__()
    assert other.acquire("door")
    with pytest.raises(UserError, match=f"a clean-up is under way{held}"):
        store.exclusive().__enter__()

    def end(holder: LockHolder | None) -> None:
        seen.append(holder)
        other.release_all()

    with store.run_lock(end):
        [holder] = seen
    assert holder
    said = describe_wait(Waiting(0, (holder,)))
    assert re.match(f"Waiting for a process that cleans up the results folder{held}", said)


def test_a_wait_is_described_as_far_as_it_is_known() -> None:
    """Earlier versions write no holder; another day has its date."""
    began = datetime.now(UTC) - timedelta(days=9, hours=5, minutes=10)
    old = LockHolder(7, "node7", began)
    assert "Waiting for 1 trial that another run is training." == describe_wait(Waiting(1, ()))
    described = describe_wait(Waiting(2, (old,)))
    assert ": process 7 on node7, since 20" in described
    assert described.endswith(" (9 days 5 h).")


def test_the_holder_of_a_lock_outlives_refused_attempts(tmp_path: Path) -> None:
    """Others that try the lock leave in its file who holds it; a new holder replaces it."""
    theirs, ours = Locks(tmp_path), Locks(tmp_path)
    assert theirs.acquire("trial")
    (tmp_path / "trial.lock").write_text('{"process":1,"machine":"m","since":"2026-01-05T12:00"}')
    assert not ours.acquire("trial")
    held = ours.holder("trial")
    theirs.held.pop("trial").release()
    assert ours.acquire("trial")
    taken = ours.holder("trial")
    assert held
    assert taken
    assert (1, os.getpid()) == (held.process, taken.process)
    assert None is ours.holder("other")


def test_scratch_of_a_live_run_is_kept(tmp_path: Path) -> None:
    """Only a run that finds no other run clears scratch."""
    first, second = Store(tmp_path), Store(tmp_path)
    with first.run_lock():
        draft = first.new_log_path()
        draft.parent.mkdir()
        draft.touch()
        with second.run_lock():
            assert draft.exists()
    with second.run_lock():
        assert not draft.exists()
