"""Places that fail while a study runs: no room, no right, a folder that goes, odd clocks."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cnn_ablate.errors import UserError
from cnn_ablate.executors import Ended, Event
from cnn_ablate.runner.jobs import outstanding
from cnn_ablate.schema import Trial
from support import cli_study, fast_study
from support.fast_study import fork_workers, run_study

__all__ = ["fork_workers"]
pytestmark = fast_study.allow_fork


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder with a little room, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    if mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)):
        pytest.skip("needs the right to mount a small disk")
    yield place
    mount("-o", "remount,rw", str(place))
    subprocess.run([shutil.which("umount") or "umount", "-l", str(place)], check=True)


def mount(*words: str) -> int:
    """Call `mount`, and give its exit code."""
    program = shutil.which("mount") or "false"
    return subprocess.run([program, *words], capture_output=True, check=False).returncode


def test_a_full_disk_is_said_and_costs_nothing_that_is_done(small_disk: Path) -> None:
    """The run ends with one sentence; with room again, the same command finishes."""
    filler = small_disk / "filler"
    filler.write_bytes(bytes(1_000_000))
    with pytest.raises(UserError, match="cannot be written: No space left on device"):
        run_study(small_disk)
    done = {path.parent.name for path in small_disk.glob("results/trials/*/DONE")}
    assert 1 <= len(done) < fast_study.TRIALS
    filler.unlink()
    trained: list[str] = []
    assert ["done"] * fast_study.TRIALS == list(
        run_study(small_disk, on_event=noting(trained)).trials.status
    )
    assert not done & set(trained)


def noting(trained: list[str]) -> Any:
    """Note the trials that end."""
    return lambda event: trained.append(event.trial.id) if isinstance(event, Ended) else None


def test_results_that_cannot_be_written_are_refused_before_training(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is trained for nothing; what is done can still be looked at."""
    whole = run_study(small_disk / "whole")
    (small_disk / "empty").mkdir()
    (small_disk / "empty" / "fast.yaml").write_text(fast_study.STUDY)
    mount("-o", "remount,ro", str(small_disk))
    trained: list[str] = []
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: None)
    with pytest.raises(UserError, match="cannot be written: Read-only file system"):
        run_study(small_disk / "empty", on_event=noting(trained))
    assert [] == trained
    assert run_study(small_disk / "whole").trials.equals(whole.trials)


def test_a_damaged_trial_is_said_by_a_look_and_moved_by_a_run(small_disk: Path) -> None:
    """`plan` says it, also where nothing can be written; `run` trains the trial again."""
    whole = run_study(small_disk).trials
    file = next(small_disk.glob("results/trials/*/epochs.csv"))
    file.write_text("no epochs")
    mount("-o", "remount,ro", str(small_disk))
    code, said, _ = cli_study.call("plan", "fast.yaml", cwd=small_disk)
    assert 0 == code
    assert f"{file.parent.relative_to(small_disk)}: epochs.csv does not match its checksum" in said
    assert "4 trials; 3 are done" in said
    mount("-o", "remount,rw", str(small_disk))
    again = run_study(small_disk).trials
    assert whole.drop(columns=cli_study.VOLATILE).equals(again.drop(columns=cli_study.VOLATILE))
    assert 1 == len(list(small_disk.glob("results/damaged/*/epochs.csv")))


def test_a_run_of_other_variants_leaves_out_what_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables are of what is whole, though nothing is to be trained."""
    run_study(tmp_path)
    file = next(tmp_path.glob("results/trials/norm=none*/epochs.csv"))
    file.write_text("no epochs")
    monkeypatch.setattr(fast_study, "outstanding", partial(outstanding, only="baseline"))
    found = run_study(tmp_path)
    assert fast_study.TRIALS - 1 == len(found.trials)
    assert file.parent.name not in set(found.trials["trial"])
    assert not file.exists()


def test_a_folder_that_goes_while_running_is_said(tmp_path: Path) -> None:
    """What was trained before is gone and is said to be; the same command trains it again."""
    gone = []

    def remove(event: Event) -> None:
        if isinstance(event, Ended) and not gone:
            gone.append(event.trial.id)
            shutil.rmtree(tmp_path / "results")

    with pytest.raises(UserError, match="1 of the trials that were trained are gone"):
        run_study(tmp_path, on_event=remove)
    trained: list[str] = []
    assert fast_study.TRIALS == len(run_study(tmp_path, on_event=noting(trained)).trials)
    assert gone == trained


def removing(folder: Path) -> Callable[..., list[Trial]]:
    """Let a trial go after a look at what is done."""

    def listed(*given: Any, **named: Any) -> list[Trial]:
        shutil.rmtree(folder)
        return outstanding(*given, **named)

    return listed


def test_what_goes_before_a_run_begins_is_trained_with_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No run ends well without a trial that was done when the study was laid out."""
    before = run_study(tmp_path).trials
    first, second, *_ = sorted(tmp_path.glob("results/trials/*"))
    shutil.rmtree(first)
    monkeypatch.setattr(fast_study, "outstanding", removing(second))
    again = run_study(tmp_path).trials
    assert before.drop(columns=cli_study.VOLATILE).equals(again.drop(columns=cli_study.VOLATILE))


def test_what_goes_from_a_study_that_is_done_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run with nothing to train does not end well either where a trial is gone."""
    run_study(tmp_path)
    monkeypatch.setattr(
        fast_study, "outstanding", removing(next(tmp_path.glob("results/trials/*")))
    )
    with pytest.raises(UserError, match="1 of the trials that were trained are gone"):
        run_study(tmp_path)


class StepsBack(datetime):
    """A clock that goes back an hour at each look."""

    looks = 0

    @classmethod
    def now(cls, tz: Any = UTC) -> datetime:
        """Give an ever earlier time."""
        cls.looks += 1
        return datetime(2026, 1, 1, tzinfo=tz) - timedelta(hours=cls.looks)


def test_a_clock_that_steps_back_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results, waiting and resuming rest on no time of day."""
    run_study(tmp_path / "whole")
    backwards = iter(range(10**9, 0, -3600))
    monkeypatch.setattr(time, "time", lambda: float(next(backwards)))
    monkeypatch.setattr(time, "time_ns", lambda: 10**9 * next(backwards))
    monkeypatch.setattr("cnn_ablate.schema.values.datetime", StepsBack)
    run_study(tmp_path / "odd")
    fast_study.assert_same(tmp_path / "whole", tmp_path / "odd")
    table = tmp_path / "odd/results/fast/results.csv"
    before = table.stat().st_ino
    run_study(tmp_path / "odd")
    assert before == table.stat().st_ino
