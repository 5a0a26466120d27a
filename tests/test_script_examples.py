"""The examples of a script, a Hydra application and a table of results, run as their pages say."""

import csv
import shutil
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
