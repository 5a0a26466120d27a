"""Publishing, cut off at every system call: the old content is there, or the new one."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from cnn_ablate.schema import Trial, TrialResult
from cnn_ablate.store import Store
from support import fake_study, fast_study

pytestmark = fast_study.allow_fork

# Built-in functions that write to the disk, or look at it.
CALLS = {"open", "write", "flush", "close", "fsync", "rename", "replace"}
CALLS |= {"mkdir", "unlink", "rmdir", "scandir"}
CUT = 99


def cut_at(call: int) -> None:
    """End this process just before or after its n-th call, as a power cut would."""
    seen = 0

    def profile(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal seen
        if event.startswith("c_") and getattr(arg, "__name__", "") in CALLS:
            seen += 1
            if seen == call:
                os._exit(CUT)

    sys.setprofile(profile)


def is_cut(action: Callable[[], object], call: int) -> bool:
    """Run an action in a process that ends at its n-th call; return whether it had so many."""
    return CUT == fast_study.exit_code(fast_study.fork(lambda: (cut_at(call), action())))


@pytest.fixture
def known(tmp_path: Path) -> tuple[Store, Trial, TrialResult, TrialResult]:
    """Return a store, a trial, and two results of the trial: an old one and a new one."""
    shape = fake_study.FakeStudy(variants=1, seeds=1, images=10, epochs=1)
    study = fake_study.publish(tmp_path / "made", shape)
    [trial] = study.record.plan.trials
    old = fake_study.trial_result(trial, fake_study.variants_of(shape)[0], shape)
    new = old.model_copy(update={"weights": b"new", "started": "2026-03-02T10:00:00"})
    return Store(tmp_path / "results"), trial, old, new


def failed(result: TrialResult) -> TrialResult:
    """Return the same trial, failed."""
    return TrialResult(trial=result.trial, status="failed", error="x", compute=result.compute)


@pytest.mark.parametrize("before", ["nothing", "failed", "done"])
@pytest.mark.parametrize("stride", [pytest.param(1, marks=pytest.mark.slow), 29])
def test_a_trial_is_published_whole_or_not_at_all(
    known: tuple[Store, Trial, TrialResult, TrialResult], before: str, stride: int
) -> None:
    """Wherever it is cut off, the old result or the new one is whole; then publishing works."""
    store, trial, old, new = known
    first = {"nothing": None, "failed": failed(old), "done": old}[before]
    state = b"state of the last epoch"
    for call in range(stride, 1000, stride):
        if first:
            store.publish(first)
        store.save_checkpoint(trial, state)
        if not is_cut(lambda: Store(store.root).publish(new), call):
            break
        found = Store(store.root)
        done, notes = found.done([trial])
        kept = found.result(trial)
        assert [] == notes
        if kept == new.model_copy(update=without_bulk()):
            assert {trial.id} == done
        else:
            assert (first and first.model_copy(update=without_bulk())) == kept
            assert state == found.checkpoint(trial)
        with found.run_lock():
            assert not found.scratch.exists()
        found.publish(new)
        opened = found.open(trial)
        assert opened is not None
        assert b"new" == opened.read("model.pt")
        found.move_aside(found.folder(trial))
    assert 60 < call < 999


def without_bulk() -> dict[str, Any]:
    """Return the fields that the store does not read back with a result, empty."""
    return {"epochs": (), "steps": (), "classes": (), "predictions": b"", "weights": b""}


def test_a_checkpoint_is_replaced_whole_or_not_at_all(
    known: tuple[Store, Trial, TrialResult, TrialResult],
) -> None:
    """Wherever it is cut off, the last state or the one before it is there."""
    store, trial, *_ = known
    seen = set()
    for call in range(1, 1000):
        store.save_checkpoint(trial, b"before")
        if not is_cut(lambda: Store(store.root).save_checkpoint(trial, b"after"), call):
            break
        seen.add(store.checkpoint(trial))
    assert {b"before", b"after"} == seen
    assert 10 < call < 999
