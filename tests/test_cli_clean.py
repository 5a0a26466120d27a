"""`clean`: what no study needs is listed, and removed only on request."""

import shutil
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from cnn_ablate.schema import RunProgress
from cnn_ablate.store import Results, Store, cleanup, write_progress
from support import fake_study
from test_cli import call


@pytest.fixture
def study(tmp_path: Path) -> Results:
    """A made-up study of three variants and two seeds; one trial was never trained."""
    small = fake_study.FakeStudy(variants=3, seeds=2, images=100, missing=1)
    return fake_study.publish(tmp_path / "results", small)


def clean(study: Results, *words: str) -> str:
    """Clean the results of a study."""
    said = call("clean", "--results", study.store.root, *words)
    assert 0 == said.exit_code, said.exception
    return said.output


def litter(study: Results) -> dict[str, Path]:
    """Leave one thing of each kind behind."""
    root = study.store.root
    done, waiting = study.record.plan.trials[0], study.record.plan.trials[-1]
    paths = {
        "trial": root / "trials" / "other-seed0-0123abcd",
        "damaged": root / "damaged" / "x-seed0-89ab89ab.12345678",
        "checkpoint of a trial that is done": root / ".checkpoints" / f"{done.key}.pt",
        "checkpoint of no trial": root / ".checkpoints" / f"{'f' * 64}.pt",
        "checkpoint to go on from": root / ".checkpoints" / f"{waiting.key}.pt",
    }
    for name, path in paths.items():
        file = path if name.startswith("checkpoint") else path / "model.pt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(1500))
    return paths


def plan_of_a_run(store: Store, trials: list[str]) -> None:
    """Write the progress of a run with these trials."""
    moment = "2026-01-01T00:00:00+00:00"
    progress = RunProgress(
        trials=tuple(trials), waiting=(), process=1, machine="", started=moment, updated=moment
    )
    write_progress(store, "other", progress)


def test_a_tidy_folder_has_nothing_to_remove(study: Results) -> None:
    """All trials of a study are kept, also failed ones."""
    assert f"{study.store.root}: nothing to remove.\n" == clean(study)


def test_clean_only_shows(study: Results) -> None:
    """Without --delete nothing is removed; what could be is listed with its size."""
    paths = litter(study)
    said = clean(study)
    assert f"   1.5 kB  trial  {paths['trial']}\n" in said
    assert "6.0 kB in total. Nothing was removed; use --delete to remove it.\n" in said
    assert all(path.exists() for path in paths.values())


def test_clean_removes_what_nobody_needs(study: Results) -> None:
    """With --delete it is removed; trials, and checkpoints of unfinished ones, are kept."""
    paths = litter(study)
    kept = {path.name for path in study.store.trials.iterdir()} - {paths["trial"].name}
    assert "6.0 kB removed." in clean(study, "--delete")
    assert {"checkpoint to go on from"} == {name for name, path in paths.items() if path.exists()}
    assert kept == {path.name for path in study.store.trials.iterdir()}
    assert "1.5 kB removed." in clean(study, "--delete", "--checkpoints")
    assert not paths["checkpoint to go on from"].exists()


def test_trials_of_a_removed_study_are_unneeded(study: Results) -> None:
    """After a study's folder is removed, its trials can be removed too."""
    shutil.rmtree(study.store.root / "made_up")
    assert 5 == clean(study).count("  trial  ")


def test_trials_of_a_run_under_way_are_kept(study: Results) -> None:
    """A run that has no tables yet lists its trials in progress.json."""
    ids = [trial.id for trial in study.record.plan.trials]
    shutil.rmtree(study.store.root / "made_up")
    plan_of_a_run(study.store, ids)
    assert "nothing to remove" in clean(study)


def test_trials_that_a_new_run_needs_are_kept(
    study: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search is repeated when no run can start, for one may have started since."""
    paths = litter(study)
    whole = Store.exclusive

    def late(store: Store) -> AbstractContextManager[None]:
        plan_of_a_run(store, [paths["trial"].name])
        return whole(store)

    monkeypatch.setattr(Store, "exclusive", late)
    assert "4.5 kB removed." in clean(study, "--delete")
    assert paths["trial"].exists()


def test_files_that_a_run_removes_meanwhile_are_passed_over(
    study: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that vanishes during the search is not listed."""
    listed, gone = cleanup.own, Path("gone-0123abcd")
    monkeypatch.setattr(cleanup, "has_only", lambda *_: True)
    monkeypatch.setattr(cleanup, "own", lambda folder, form: [*listed(folder, form), folder / gone])
    litter(study)
    monkeypatch.setattr(Path, "rglob", lambda self, _: [self / gone])
    said = clean(study)
    assert "gone" not in said
    assert ["checkpoint", "checkpoint"] == [line.split()[2] for line in said.splitlines()[:-1]]


def test_the_log_of_a_running_worker_is_not_unneeded(study: Results) -> None:
    """It is once no run writes here."""
    log = study.store.new_log_path()
    with study.store.run_lock():
        log.parent.mkdir()
        log.touch()
        assert "nothing to remove" in clean(study)
    assert f"      0 B  scratch file  {log}\n" in clean(study)


def test_nothing_is_removed_if_a_study_cannot_be_read(study: Results) -> None:
    """It is not known which trials that study needs."""
    path = study.store.root / "made_up" / "study.json"
    path.write_text("{", encoding="utf-8")
    said = call("clean", "--results", study.store.root, "--delete")
    assert f"{path}: cannot be read. Run the study again, or remove its folder." == str(
        said.exception
    )


def test_nothing_is_removed_during_a_run(study: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user is asked to wait until it has ended."""
    paths = litter(study)
    monkeypatch.setattr("cnn_ablate.locks.Locks.held_by_others", lambda *_: ["run-1"])
    said = call("clean", "--results", study.store.root, "--delete")
    assert "a run is under way. Try when it has ended." in str(said.exception)
    assert all(path.exists() for path in paths.values())


def test_clean_where_nothing_was_run(tmp_path: Path) -> None:
    """No results folder is made."""
    assert "nothing to remove" in call("clean", "--results", tmp_path / "no").output
    assert not Store(tmp_path / "no").root.exists()
