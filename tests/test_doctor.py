"""`doctor`: every damage is found and named, and repaired only on request."""

import random
import re
import shutil
from pathlib import Path

import pytest
import typer

from cnn_ablate.cli.commands.doctor import verify_results
from cnn_ablate.errors import UserError
from cnn_ablate.locks import Locks
from cnn_ablate.store import Store, verify
from cnn_ablate.store.verify import find_problems, repair
from support import fake_study
from test_store import damaged

DRAFT = "0" * 32
SMALL = fake_study.FakeStudy(variants=2, seeds=1, images=10, epochs=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with a small study."""
    return fake_study.publish(tmp_path / "results", SMALL).store


def damage_store(store: Store) -> list[str]:
    """Do damage of every kind, and return the kinds in the order in which they are reported."""
    first, second = sorted(store.trials.iterdir())
    damaged(first / "epochs.csv", random.Random(1))
    first.with_name(f"other-seed0-{second.name.rpartition('-')[2]}").mkdir()
    store.checkpoints.mkdir(exist_ok=True)
    (store.checkpoints / f"{64 * '0'}.pt").write_bytes(b"half a state")
    (store.root / "broken").mkdir()
    (store.root / "broken" / "study.json").write_text("{}")
    store.scratch.mkdir(exist_ok=True)
    (store.scratch / DRAFT).touch()
    return ["trial", "trial", "checkpoint", "study", "scratch"]


def test_a_whole_store_has_no_problems(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """The number of trials is printed."""
    verify_results(store.root, mend=False)
    assert f"{store.root}: 2 trials, all intact.\n" == capsys.readouterr().out


def test_every_problem_is_named(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is printed with its path, the exit code is 1, and nothing is touched."""
    expected = damage_store(store)
    with pytest.raises(typer.Exit) as ended:
        verify_results(store.root, mend=False)
    lines = capsys.readouterr().out.splitlines()
    assert 1 == ended.value.exit_code
    assert expected == [line.partition(" ")[0] for line in lines]
    assert expected == [problem.kind for problem in find_problems(store)]


def test_repairing_leaves_whole_trials_alone(store: Store) -> None:
    """Damaged trials are moved aside, and only problems that a run must repair are left."""
    damage_store(store)
    with pytest.raises(typer.Exit):
        verify_results(store.root, mend=True)
    assert ["study"] == [problem.kind for problem in find_problems(store)]
    (store.root / "broken" / "study.json").unlink()
    verify_results(store.root, mend=True)
    assert 2 == len(list((store.root / "damaged").iterdir()))


@pytest.mark.parametrize("other", ["aaa", "zzz"])
@pytest.mark.parametrize("fault", ["failed", "damaged", "none"])
def test_the_good_copy_of_a_trial_stays(store: Store, other: str, fault: str) -> None:
    """Of two folders of one trial, the one that is done and whole is kept, whatever its name."""
    good, _ = sorted(store.trials.iterdir())
    copy = good.with_name(f"{other}-seed0-{good.name.rpartition('-')[2]}")
    shutil.copytree(good, copy)
    if fault == "failed":
        (copy / "DONE").unlink()
    elif fault == "damaged":
        damaged(copy / "epochs.csv", random.Random(1))
    first, second = sorted([good, copy])
    culprit = second if fault == "none" else copy
    assert [culprit] == [problem.path for problem in find_problems(store)]
    verify_results(store.root, mend=True)
    assert Store(store.root).folder(good.name) == (first if culprit == second else second)
    assert not culprit.exists()


@pytest.mark.parametrize("backwards", [False, True])
def test_a_done_copy_is_found_before_a_failed_one(
    store: Store, monkeypatch: pytest.MonkeyPatch, *, backwards: bool
) -> None:
    """A trial with two folders is done if one of them is, in whatever order they are listed."""
    [trial, *_] = fake_study.publish(store.root, SMALL).record.plan.trials
    failed = store.trials / f"copy-seed0-{trial.id.rpartition('-')[2]}"
    shutil.copytree(store.folder(trial), failed)
    (failed / "DONE").unlink()
    listed = sorted(store.trials.iterdir(), reverse=backwards)
    monkeypatch.setattr(Path, "iterdir", lambda _: iter(listed))
    assert Store(store.root).is_done(trial)


def test_only_what_was_repaired_is_printed(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """If no trial is damaged, none is reported as moved."""
    store.scratch.mkdir(exist_ok=True)
    (store.scratch / DRAFT).touch()
    verify_results(store.root, mend=True)
    found = f"scratch {store.scratch / DRAFT}: was never finished.\n"
    assert f"{found}Removed these unfinished files.\n" == capsys.readouterr().out


def test_checkpoints_of_trials_that_are_done_are_useless(store: Store) -> None:
    """A checkpoint that nothing will resume is found; one of an unfinished trial is not."""
    [trial, *_] = fake_study.publish(store.root, SMALL).record.plan.trials
    store.save_checkpoint(trial, b"state")
    store.save_checkpoint(trial.model_copy(update={"key": "0" * 64}), b"state")
    assert ["is of a trial that is done."] == [problem.what for problem in find_problems(store)]


def test_nothing_is_repaired_during_a_run(store: Store) -> None:
    """The scratch of a run is not removed."""
    damage_store(store)
    with Store(store.root).run_lock(), pytest.raises(UserError, match="a run is under way"):
        verify_results(store.root, mend=True)


def test_no_run_starts_during_a_repair(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that starts meanwhile has to wait: its files would be removed as scratch."""
    expected = damage_store(store)
    entered: list[bool] = []
    monkeypatch.setattr(
        Store, "move_aside", lambda *_: entered.append(Locks(store.locks).acquire("door"))
    )
    assert expected == [problem.kind for problem in repair(store)]
    assert [False, False] == entered
    with store.run_lock():
        assert not store.scratch.exists()


def test_files_that_a_run_removes_meanwhile_are_no_problem(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trial that is replaced, or a checkpoint whose trial ends, is passed over."""
    listed = verify.own

    def late(folder: Path, form: re.Pattern[str]) -> list[Path]:
        return [*listed(folder, form), folder / "gone-seed0-0123abcd"]

    monkeypatch.setattr(verify, "own", late)
    with Store(store.root).run_lock():
        assert [] == find_problems(store)


def test_no_folder_is_no_store(tmp_path: Path) -> None:
    """A wrong path is a user error."""
    with pytest.raises(UserError, match="no such folder"):
        verify_results(tmp_path / "nowhere", mend=False)
