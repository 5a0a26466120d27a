"""Publishing, cut short at every system call: what was there is there, or what was to come."""

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

# What touches the disk, by the names that Python's own functions have.
CALLS = {"open", "write", "flush", "close", "fsync", "rename", "replace"}
CALLS |= {"mkdir", "unlink", "rmdir", "scandir"}
CUT = 99


def cut_at(call: int) -> None:
    """End this process, as a power cut would, just before or after its n-th call."""
    seen = 0

    def hear(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal seen
        if event.startswith("c_") and getattr(arg, "__name__", "") in CALLS:
            seen += 1
            if seen == call:
                os._exit(CUT)

    sys.setprofile(hear)


def is_cut(action: Callable[[], object], call: int) -> bool:
    """Run an action in another process that ends at its n-th call, if it has so many."""
    return CUT == fast_study.exit_code(fast_study.fork(lambda: (cut_at(call), action())))


@pytest.fixture
def known(tmp_path: Path) -> tuple[Store, Trial, TrialResult, TrialResult]:
    """Give a store, a trial, and two results of it: an old one and a new one."""
    shape = fake_study.FakeStudy(variants=1, seeds=1, images=10, epochs=1)
    study = fake_study.publish(tmp_path / "made", shape)
    [trial] = study.record.plan.trials
    old = fake_study.trial_result(trial, fake_study.variants_of(shape)[0], shape)
    new = old.model_copy(update={"weights": b"new", "started": "2026-03-02T10:00:00"})
    return Store(tmp_path / "results"), trial, old, new


def failed(result: TrialResult) -> TrialResult:
    """Make a failure of a result."""
    return TrialResult(trial=result.trial, status="failed", error="x", compute=result.compute)


@pytest.mark.parametrize("before", ["nothing", "failed", "done"])
@pytest.mark.parametrize("stride", [pytest.param(1, marks=pytest.mark.slow), 29])
def test_a_trial_is_published_whole_or_not_at_all(
    known: tuple[Store, Trial, TrialResult, TrialResult], before: str, stride: int
) -> None:
    """Wherever the power goes: the old result or the new one, whole, and then the new one."""
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
        assert b"new" == found.read_file(trial, "model.pt")
        found.move_aside(found.folder(trial))
    assert 60 < call < 999


def without_bulk() -> dict[str, Any]:
    """Give what the store does not read back with a result."""
    return {"epochs": (), "steps": (), "classes": (), "predictions": b"", "weights": b""}


def test_a_checkpoint_is_replaced_whole_or_not_at_all(
    known: tuple[Store, Trial, TrialResult, TrialResult],
) -> None:
    """Wherever the power goes, the last state or the one before it is there."""
    store, trial, *_ = known
    seen = set()
    for call in range(1, 1000):
        store.save_checkpoint(trial, b"before")
        if not is_cut(lambda: Store(store.root).save_checkpoint(trial, b"after"), call):
            break
        seen.add(store.checkpoint(trial))
    assert {b"before", b"after"} == seen
    assert 10 < call < 999
