"""The examples of a script, a Hydra application and a table of results, run as their pages say."""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnn_ablate import import_results, load_study, run_study
from support.fast_study import allow_fork, fork_workers

__all__ = ["fork_workers"]
pytestmark = allow_fork

EXAMPLES = Path(__file__).parents[1] / "examples"


def copied(name: str, folder: Path) -> Path:
    """Copy an example, and return its folder."""
    return Path(shutil.copytree(EXAMPLES / name, folder / name))


@pytest.mark.parametrize(("name", "lines"), [("script", 13), ("hydra", 12), ("import", 6)])
def test_the_studies_are_short(name: str, lines: int) -> None:
    """A study of somebody's script takes about twelve lines."""
    text = (EXAMPLES / name / "study.yaml").read_text(encoding="utf-8")
    assert lines >= len(text.splitlines()) - 1


@pytest.mark.slow
def test_the_script_is_ablated(tmp_path: Path) -> None:
    """A smoke test trains two seeds of each variant, and has predictions."""
    folder = copied("script", tmp_path)

    study = load_study(folder / "study.yaml", profile="smoke")
    tables = run_study(study, only="hidden=4", results=folder / "results", workers=2)

    assert {("baseline", "done"), ("hidden=4", "done")} == set(
        zip(tables["trials"]["variant"], tables["trials"]["status"], strict=True)
    )
    assert {"0", "1"} == set(tables["classes"]["class"])


@pytest.mark.slow
def test_the_hydra_application_is_ablated(tmp_path: Path) -> None:
    """Overrides of Hydra are words of the command; its run folder is that of the trial."""
    pytest.importorskip("hydra")
    folder = copied("hydra", tmp_path)

    study = load_study(folder / "study.yaml", seeds=1)
    tables = run_study(study, only="units=4", results=folder / "results", workers=2)

    assert ["done", "done"] == list(tables["trials"]["status"])


@pytest.mark.slow
def test_a_multirun_of_hydra_is_imported(tmp_path: Path) -> None:
    """The application's own sweep, without this program, has the numbers that its trials have."""
    pytest.importorskip("hydra")
    folder = copied("hydra", tmp_path)
    sweep = ["-m", "lr=0.1,0.01", "seed=0,1", "hydra.sweep.dir=runs"]
    subprocess.run([sys.executable, "train.py", *sweep], cwd=folder, check=True)

    own = load_study(folder / "study.yaml", seeds=2)
    trained = run_study(own, only="lr=0.01", results=folder / "own", workers=2)["trials"]
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    words = text[text.index("trainer:") : text.index("factors:")]
    elsewhere = folder / "elsewhere.yaml"
    elsewhere.write_text(text.replace(words, "trainer: external\n"), encoding="utf-8")
    tables = import_results(load_study(elsewhere), folder / "runs", results=folder / "results")

    accuracies = [
        one.sort_values(["variant", "seed"])[["variant", "seed", "test_accuracy"]].values.tolist()
        for one in (trained, tables["trials"])
    ]
    assert accuracies[0] == accuracies[1]
    assert 4 == len(accuracies[0])


def test_the_table_is_imported(tmp_path: Path) -> None:
    """Six seeds of each variant, with an effect per factor."""
    folder = copied("import", tmp_path)

    study = load_study(folder / "study.yaml")
    tables = import_results(study, folder / "runs.csv", results=folder / "results")

    with (folder / "runs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = sorted(float(row["test_accuracy"]) for row in rows)
    assert expected == sorted(tables["trials"]["test_accuracy"])
    assert ["norm=none", "se=false"] == list(tables["effects"]["variant"])
