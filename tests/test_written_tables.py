"""Studies of which only the tables are here: in a fresh clone, or partly."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from cnn_ablate.analysis import analyse, write_analysis
from cnn_ablate.errors import UserError
from cnn_ablate.report import page_content, write
from cnn_ablate.report.figures import FIGURES
from cnn_ablate.store import Results, Store, read, tables_without_trials, write_study
from support import fake_study, fast_study

ROOT = Path(__file__).parents[1]
TABLES = ("trials", "epochs", "steps", "classes", "confusion")
COMMITTED = sorted(path.parent.name for path in (ROOT / "results").glob("*/results.csv"))


@pytest.fixture
def study(tmp_path: Path) -> Results:
    """An invented study with its tables, one trial failed, classes with names like numbers."""
    fake = fake_study.FakeStudy(
        variants=3,
        seeds=4,
        images=200,
        failed=1,
        classes=("01", "NA", "None", "1e3"),
        names=("NA",),
    )
    results = fake_study.publish(tmp_path / "results", fake)
    write_analysis(analyse(results))
    return results


def folder_of(results: Results) -> Path:
    """Return the folder of a study's tables."""
    return results.store.root / results.record.study.folder


def written(folder: Path) -> dict[str, bytes]:
    """Return the tables in a folder by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv"))}


def remove(results: Results, trials: int) -> None:
    """Remove the folders of the first trials of a study."""
    for trial in results.record.plan.trials[:trials]:
        shutil.rmtree(results.store.folder(trial))


@pytest.mark.parametrize("removed", [12, 5, 1])
def test_rows_of_missing_trials_are_those_of_the_tables(study: Results, removed: int) -> None:
    """Tables, effects and verdicts are the same bytes, whichever trials are here."""
    before = written(folder_of(study))
    remove(study, removed)
    results = read(study.store.root, study.record.study.folder)
    assert removed == len(results.written.rows)
    assert results.is_written
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(study, name), getattr(results, name))
    again = write_study(Store(study.store.root), study.record)
    write_analysis(analyse(again))
    assert before == written(folder_of(study))


def test_columns_over_images_are_kept_unless_trials_changed(study: Results) -> None:
    """A contrast with one more finished trial than its columns over images knows has none."""
    first, *_ = analyse(study).effects
    remove(study, 2)
    folder = study.record.study.folder
    assert first == analyse(read(study.store.root, folder)).effects[0]
    table = pd.read_csv(folder_of(study) / "results.csv", dtype=str, keep_default_na=False)
    table.loc[3, "status"] = "failed"
    table.to_csv(folder_of(study) / "results.csv", index=False)
    (folder_of(study) / "SUMS").unlink()
    changed, *_ = analyse(read(study.store.root, folder)).effects
    assert None is changed.images
    assert first.difference == changed.difference


def test_missing_trials_have_no_predictions(
    study: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What needs them is left out of the report."""
    drawn = {name: FIGURES[name] for name in ("effects", "reliability")}
    monkeypatch.setattr(page_content, "FIGURES", drawn)
    remove(study, 12)
    results = read(study.store.root, study.record.study.folder)
    assert None is results.predictions(study.record.plan.trials[0].id)
    page = write(analyse(results), study.store.root.parent / "reports")
    assert not (page.parent / "figures" / "reliability.svg").exists()
    assert (page.parent / "figures" / "effects.svg").exists()


@pytest.mark.parametrize("what", ["is damaged", "does not match its checksum in SUMS"])
@pytest.mark.parametrize("name", ["results", "epochs", "confusion"])
def test_damaged_tables_are_named_unless_trials_are_here(
    study: Results, name: str, what: str
) -> None:
    """Tables are only read for trials that are not here; writing replaces damaged ones."""
    path = folder_of(study) / f"{name}.csv"
    if what == "is damaged":
        (folder_of(study) / "SUMS").unlink()
    before = path.read_bytes()
    path.write_bytes(b"")
    read(study.store.root, study.record.study.folder)
    remove(study, 1)
    with pytest.raises(UserError, match=rf"{name}\.csv: {what}"):
        read(study.store.root, study.record.study.folder)
    assert 11 == len(write_study(Store(study.store.root), study.record).trials)
    assert len(before) > len(path.read_bytes()) > 0


def test_only_tables_without_any_trial_are_guarded(study: Results) -> None:
    """A run goes on where some trials are here, and replaces no tables whose trials are not."""
    folder = study.record.study.folder
    remove(study, 11)
    assert None is tables_without_trials(Store(study.store.root), folder)
    shutil.rmtree(study.store.trials)
    refusal = tables_without_trials(Store(study.store.root), folder)
    assert "has the tables of 12 trials whose folders are not here." in str(refusal)
    assert "--fresh" in str(refusal)


@pytest.mark.parametrize("folder", COMMITTED)
def test_committed_tables_are_read_as_they_are(folder: str, tmp_path: Path) -> None:
    """In a fresh clone, in the format of any version: no byte of a number changes."""
    root = tmp_path / "results"
    before = written(Path(shutil.copytree(ROOT / "results" / folder, root / folder)))
    study = read(root, folder)
    again = written(folder_of(write_study(Store(root), study.record)))
    assert len(pd.read_csv(ROOT / "results" / folder / "results.csv")) == len(study.trials)
    assert all(again[f"{name}.csv"] == before[f"{name}.csv"] for name in TABLES[1:])
    values = "test_accuracy", "seconds", "parameters", "variant", "seed"
    numbers = [
        pd.read_csv(where / folder / "results.csv")[[*values]] for where in (ROOT / "results", root)
    ]
    pd.testing.assert_frame_equal(*numbers)


def test_a_run_replaces_no_tables_without_trials_unless_told(tmp_path: Path) -> None:
    """What was trained elsewhere is only trained again if that was asked for."""
    fast_study.run_study(tmp_path)
    shutil.rmtree(tmp_path / "results" / "trials")
    before = written(tmp_path / "results" / "fast")
    with pytest.raises(UserError, match=r"whose folders are not here\. --fresh trains them again"):
        fast_study.run_study(tmp_path)
    assert before == written(tmp_path / "results" / "fast")
    assert fast_study.TRIALS == len(fast_study.run_study(tmp_path, fresh=True).trials)
    assert fast_study.TRIALS == len([*(tmp_path / "results" / "trials").iterdir()])
