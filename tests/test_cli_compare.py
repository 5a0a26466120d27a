"""The command `compare`: two studies contrast by contrast, by name, file or folder."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from cnn_ablate.cli.commands import compare
from cnn_ablate.errors import UserError
from support import fake_study
from test_cli import call

ROOT = Path(__file__).parents[1]


def test_compare_two_runs(tmp_path: Path) -> None:
    """Contrasts of two studies are shown side by side, with what else differs."""
    fake_study.publish(tmp_path / "here", fake_study.FakeStudy(variants=3, seeds=4, images=200))
    fake_study.publish(
        tmp_path / "there", fake_study.FakeStudy(variants=3, seeds=4, images=200, epochs=5)
    )
    folder = next(path.parent for path in (tmp_path / "there").glob("*/study.json"))
    said = call("compare", folder.name, folder, "--results", tmp_path / "here").output
    assert "batch_norm=false" in said
    assert "cannot tell" in said
    assert "training.epochs: 8 / 5\n" in said


def test_compare_takes_files_and_needs_no_trials(tmp_path: Path) -> None:
    """In a fresh clone only the tables are there; a study is named or given by its file."""
    shutil.copytree(ROOT / "results" / "lenet_cifar", tmp_path / "lenet_cifar")
    shutil.copytree(ROOT / "results" / "lenet_cifar-cpu", tmp_path / "lenet_cifar-cpu")
    file = ROOT / "ablations" / "lenet_cifar.yaml"
    said = call("compare", file, "lenet_cifar-cpu", "--results", tmp_path).output
    assert "too few seeds" in said
    assert "*" not in said
    assert "Baseline, mean test accuracy in per cent (seeds): 59.5 (5) / 40.1 (3)" in said
    assert "Overrides: nothing / data.subset = 5000, training.epochs = 5" in said


def test_compare_knows_equal_trials_by_other_names(tmp_path: Path) -> None:
    """A trial is what its settings say, whatever a study calls the variant; failures are no such.

    One of the twelve trials has failed in both studies.
    """
    study = fake_study.publish(
        tmp_path / "here", fake_study.FakeStudy(variants=3, seeds=4, images=200, failed=1)
    )
    folder = tmp_path / "there" / study.record.study.folder
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    record = (folder / "study.json").read_text().replace("batch_norm=false", "bare")
    (folder / "study.json").write_text(record)

    said = call("compare", folder.name, folder, "--results", tmp_path / "here").output
    assert "second only" in said
    assert "11 trials are in both; 11 of them have the same test accuracy." in said


def test_copies_are_compared_from_folders_of_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with its own tables; a star and its meaning are printed as in the ablation table."""
    monkeypatch.chdir(tmp_path)
    for name in ("before", "after"):
        shutil.copytree(ROOT / "results" / "fashion_lr", name)
    edit(Path("after"))
    said = call("compare", "before", "after").output
    titles, *lines = said.splitlines()
    assert ["contrast", "before", "after"] == titles.split()[:3]
    [row] = [line for line in lines if line.startswith("augment=rotation ")]
    assert ["-1.1", "[-2.2,", "0.0]*", "(3)"] == row.split()[1:5]
    assert "*: an end set to zero to agree with the test." in lines
    [means] = [line for line in lines if line.startswith("Baseline, mean test accuracy")]
    assert means.endswith(" / 100.0 (5)")
    assert " 100.0 (5) /" not in means


def test_a_copy_is_read_from_its_own_tables(tmp_path: Path) -> None:
    """The trials beside it are those of the study that it was copied from, trained again since."""
    study = fake_study.publish(tmp_path, fake_study.FakeStudy(variants=3, seeds=4, images=200))
    folder = tmp_path / study.record.study.folder
    shutil.copytree(folder, tmp_path / "before")
    edit(tmp_path / "before")
    said = call("compare", "before", folder.name, "--results", tmp_path).output
    [means] = [line for line in said.splitlines() if line.startswith("Baseline, mean")]
    assert 1 == means.count("100.0 (4)")
    assert "(seeds): 100.0 (4) / " in means


def test_effects_on_different_metrics_are_not_compared(tmp_path: Path) -> None:
    """A difference of points and nats is none."""
    folder = tmp_path / "lenet_cifar"
    shutil.copytree(ROOT / "results" / "lenet_cifar", folder)
    record = json.loads((folder / "study.json").read_text())
    other = {"name": "nll", "label": "test loss", "better": "lower", "unit": "nats"}
    record["study"]["metric"] = record["study"]["metric"] | other
    (folder / "study.json").write_text(json.dumps(record))
    expected = "effects are on test accuracy in one study, and on test loss in the other"
    with pytest.raises(UserError, match=expected):
        compare.print_comparison("lenet_cifar", str(folder), ROOT / "results", as_json=False)


def edit(folder: Path) -> None:
    """Let every trial of the baseline test at 100 %."""
    path = folder / "results.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[table["variant"] == "baseline", "test_accuracy"] = "1.0"
    table.to_csv(path, index=False)
    (folder / "SUMS").unlink(missing_ok=True)
