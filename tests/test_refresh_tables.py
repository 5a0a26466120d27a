"""The committed tables and reports are written anew from the tables alone."""

import runpy
import shutil
import sys
from pathlib import Path

import pytest

from cnn_ablate.store import read_record
from cnn_ablate.study import Changes, read_study

ROOT = Path(__file__).parents[1]
FOLDER = "lenet_cifar"
sys.path.append(str(ROOT / "docs"))
SCRIPT = runpy.run_path(str(ROOT / "docs" / "refresh_tables.py"))
refresh, renewed = SCRIPT["refresh"], SCRIPT["renewed"]


def contents(*folders: Path) -> dict[str, bytes]:
    """Return all files below some folders by their paths; PDF files are dated."""
    files = (path for folder in folders for path in sorted(folder.rglob("*.*")))
    return {str(path): path.read_bytes() for path in files if path.suffix != ".pdf"}


def test_written_twice_is_written_once(tmp_path: Path) -> None:
    """Nothing is trained; numbers of trials stay, and the study is that of its file."""
    results, reports = tmp_path / "results", tmp_path / "reports"
    shutil.copytree(ROOT / "results" / FOLDER, results / FOLDER)
    before = contents(results)
    refresh(results, reports, FOLDER)
    first = contents(results, reports)
    for name in ("epochs", "steps", "classes", "confusion"):
        path = str(results / FOLDER / f"{name}.csv")
        assert before[path] == first[path]
    expected = read_record(ROOT / "results", FOLDER)
    assert expected.plan.contrasts == read_record(results, FOLDER).plan.contrasts
    assert (reports / FOLDER / "report.html").is_file()
    refresh(results, reports, FOLDER)
    assert first == contents(results, reports)


def test_a_file_that_leaves_out_a_trial_that_was_run_is_refused() -> None:
    """Tables must not be taken for those of another study."""
    record = read_record(ROOT / "results", FOLDER)
    other = record.plan.trials[0].model_copy(update={"id": "baseline-seed99-000000000000"})
    more = record.plan.model_copy(update={"trials": (*record.plan.trials, other)})
    with pytest.raises(Exception, match="does not plan all trials"):
        renewed(record.model_copy(update={"plan": more}))


def test_what_the_command_line_set_is_set_again() -> None:
    """A run with `--set` is of the same trials when its study is read anew."""
    record = read_record(ROOT / "results", FOLDER)
    changes = Changes(sets=("training.precision=bfloat16",))
    study = read_study(ROOT / record.study.source, changes)
    study = study.model_copy(update={"source": record.study.source})
    plan = record.plan.model_copy(update={"trials": ()})
    again = renewed(record.model_copy(update={"study": study, "plan": plan}))
    assert again.study.forced == {"training.precision": "bfloat16"}
    assert again.study.baseline == study.baseline
