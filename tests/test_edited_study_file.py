"""A study whose file was edited after it ran: `status`, `report` and `run` say what is so."""

import json
import shutil
from pathlib import Path

import pytest

from cnn_ablate.cli.progress_bars import ProgressDisplay
from cnn_ablate.executors import Event
from cnn_ablate.study import read_study
from cnn_ablate.study.edited_since_run import trained_edits
from support.cli_study import STUDY, call, write
from support.fast_study import allow_fork, fork_workers

__all__ = ["fork_workers"]
pytestmark = allow_fork

EDITS = {
    "title": ("title: Does a tiny network want normalisation?", "title: What norms do"),
    "claims": ("effect: higher}", "effect: lower}"),
    "level": ("model.norm: [batch, none]", "model.norm: [batch, none, group]"),
    "seeds": ("seeds: 2", "seeds: 3"),
    "baseline": ("lr: 0.05", "lr: 0.02"),
}
# The edits in words, and the trials that `status` counts then.
WORDS = {
    "title": "title",
    "claims": "claims",
    "level": "model.norm: level group added",
    "seeds": "seeds 2 -> 3",
    "baseline": "baseline optimizer.lr 0.05 -> 0.02",
}
COUNTS = {
    "title": "4 trials: 4 done.",
    "claims": "4 trials: 4 done.",
    "level": "6 trials: 4 done, 2 not trained.",
    "seeds": "6 trials: 4 done, 2 not trained.",
    "baseline": "4 trials: 4 not trained.",
}
SHOWN = ("title", "claims")


def named(name: str) -> str:
    """Return the line in which `status` names an edit."""
    if name in SHOWN:
        shown = name.capitalize()
        return f"{shown} as in the file now: `report` and `export` need no further run for that."
    return f"Edited since the last run: {WORDS[name]}."


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study of four trials that was run, and no figures in its report."""
    folder = tmp_path_factory.mktemp("ran")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnn_ablate.fork_server._METHOD", "fork")
        code, _, err = call("run", write(folder).name, "--compute", "eager", cwd=folder)
    assert 0 == code, err
    return folder


@pytest.fixture
def folder(ran: Path, tmp_path: Path) -> Path:
    """A copy of it to edit."""
    return Path(shutil.copytree(ran, tmp_path / "copy"))


def edit(folder: Path, name: str) -> str:
    """Edit the study file in one place, and return its name."""
    old, new = EDITS[name]
    assert old in STUDY
    write(folder, STUDY.replace(old, new))
    return "tiny.yaml"


@pytest.mark.parametrize("name", EDITS)
def test_status_counts_against_the_file_as_it_is(folder: Path, name: str) -> None:
    """Trials of the file count, not those of the last run; one line names the edit.

    What the checks found in trials of the last run is said to be of that.
    """
    code, out, err = call("status", edit(folder, name), cwd=folder)
    assert (0, "") == (code, err)
    assert f"tiny: {COUNTS[name]}\n" in out
    assert f"{named(name)}\n" in out
    assert (name in SHOWN) == ("\nCheck: " in out)
    assert (name in SHOWN) != ("\nCheck of the last run: " in out)


@pytest.mark.parametrize("name", EDITS)
def test_report_takes_what_it_can_from_the_file(folder: Path, name: str) -> None:
    """Title and claims are those of the file; what was not trained is named in one line.

    The same is so for the table of a paper.
    """
    file, table = edit(folder, name), folder / "table.md"
    commands = {
        "report": ("report", file, "--no-pictures"),
        "table": ("export", file, "--table", "ablation", "-o", table),
    }
    for place, command in commands.items():
        code, _, err = call(*command, cwd=folder)
        shown = f"{name.capitalize()} as in tiny.yaml now.\n"
        missing = f"Not in the {place} until the next run: {WORDS[name]}.\n"
        assert (0, shown if name in SHOWN else missing) == (code, err)
    for path in (folder / "reports" / "tiny" / "report.md", table):
        assert ("What norms do" in path.read_text(encoding="utf-8")) == (name == "title")


@pytest.mark.parametrize(
    ("name", "done", "todo"),
    [
        ("title", 4, 0),
        ("level", 4, 2),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in [("claims", 4, 0), ("baseline", 0, 4)]
        ),
    ],
)
def test_run_goes_on_with_what_is_missing(folder: Path, name: str, done: int, todo: int) -> None:
    """It names the edit, trains new trials alone, and keeps those of before.

    The report is written anew, and then it is up to date.
    """
    file = edit(folder, name)
    code, _, err = call("run", file, "--compute", "eager", cwd=folder)
    assert 0 == code, err
    assert f"Edited since the last run: {WORDS[name]}.\n" in err
    assert f"{done} are done, {todo} to train." in err
    assert (done == 0) == ("Not needed any more, but kept: 4 trials of the last run.\n" in err)
    assert 4 + todo == len([*folder.glob("results/trials/*/DONE")])
    code, out, _ = call("run", file, "--compute", "eager", cwd=folder)
    assert 0 == code
    assert "Report:  reports/tiny/report.html (up to date)\n" in out
    assert "Edited" not in call("status", file, cwd=folder)[1]


def stop_after_two_trials(display: ProgressDisplay, event: Event) -> None:
    """Interrupt a run as Ctrl-C does."""
    display.workload.update(event)
    if display.workload.ended == 2:
        raise KeyboardInterrupt


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study whose run was interrupted when two of four trials had ended."""
    folder = tmp_path_factory.mktemp("stopped")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnn_ablate.fork_server._METHOD", "fork")
        patch.setattr(ProgressDisplay, "on_event", stop_after_two_trials)
        asked = ("run", write(folder).name, "--compute", "eager", "--workers", 1)
        code, _, err = call(*asked, cwd=folder)
    assert (130, "Interrupted. Run the same command again to resume.") == (
        code,
        err.splitlines()[-1],
    )
    return folder


@pytest.fixture
def half(stopped: Path, tmp_path: Path) -> Path:
    """A copy of it to edit."""
    return Path(shutil.copytree(stopped, tmp_path / "copy"))


HALF = {
    "title": "4 trials: 2 done, 2 not trained.",
    "claims": "4 trials: 2 done, 2 not trained.",
    "level": "6 trials: 2 done, 4 not trained.",
    "seeds": "6 trials: 2 done, 4 not trained.",
    "baseline": "4 trials: 4 not trained.",
}


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("name", EDITS)
def test_status_of_a_run_that_was_stopped_halfway(half: Path, name: str, *, killed: bool) -> None:
    """Trials of the file count, whether the run could say that it ends or not."""
    progress = half / "results" / "tiny" / "progress.json"
    text = json.loads(progress.read_text(encoding="utf-8"))
    assert text["over"]
    if killed:
        long_ago = "2026-01-01T00:00:00+00:00"
        progress.write_text(json.dumps(text | {"over": False, "updated": long_ago}))
    code, out, err = call("status", edit(half, name), cwd=half)
    assert (0, "") == (code, err)
    assert [f"tiny: {HALF[name]}", named(name)] == [out.splitlines()[0], out.splitlines()[-1]]


@pytest.mark.parametrize("name", EDITS)
def test_report_of_a_run_that_was_stopped_halfway(half: Path, name: str) -> None:
    """It shows the trials that ended, says that it is unfinished, and names the edit."""
    code, _, err = call("report", edit(half, name), "--no-pictures", cwd=half)
    assert (0, True) == (code, WORDS[name] in err.lower())
    page = (half / "reports" / "tiny" / "report.md").read_text(encoding="utf-8")
    assert "not finished" in page
    assert "seeds 0 and 1 of norm=none" in page


@pytest.mark.parametrize(
    ("name", "done", "todo"),
    [
        ("seeds", 2, 4),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in [("title", 2, 2), ("claims", 2, 2), ("level", 2, 4), ("baseline", 0, 4)]
        ),
    ],
)
def test_run_goes_on_from_halfway(half: Path, name: str, done: int, todo: int) -> None:
    """It names the edit, trains what the file asks for now, and keeps what was done."""
    code, _, err = call("run", edit(half, name), "--compute", "eager", "--no-pictures", cwd=half)
    assert 0 == code, err
    assert f"Edited since the last run: {WORDS[name]}.\n" in err
    assert f"{done} are done, {todo} to train." in err
    assert (done == 0) == ("Not needed any more, but kept: 2 trials of the last run.\n" in err)
    assert 2 + todo == len([*half.glob("results/trials/*/DONE")])
    assert f"{done + todo} trials: {done + todo} done." in call("status", "tiny.yaml", cwd=half)[1]


@pytest.mark.parametrize("command", ["status", "report", "run"])
def test_two_files_with_one_study_name_are_told_apart(folder: Path, command: str) -> None:
    """The results of one file are not shown as those of another, and not overwritten."""
    (folder / "other.yaml").write_text(STUDY.replace("lr: 0.05", "lr: 0.02"), encoding="utf-8")
    before = (folder / "results" / "tiny" / "study.json").read_bytes()
    code, out, err = call(command, "other.yaml", cwd=folder)
    assert (1, "") == (code, out)
    assert (
        "other.yaml: has the same study name as tiny.yaml, whose results are in results/tiny. "
        "Give one of them another name (`study:`), or keep the results apart with --results.\n"
    ) == err
    assert before == (folder / "results" / "tiny" / "study.json").read_bytes()


@pytest.mark.parametrize(("code", "source"), [(0, "a = 1\n"), (1, "a = 2\n")])
def test_equal_files_are_one_study_if_their_modules_are(
    folder: Path, code: int, source: str
) -> None:
    """Two folders may have networks of their own under one name."""
    there = folder / "there"
    there.mkdir()
    for place, text in ((folder, "a = 1\n"), (there, source)):
        write(place, STUDY.replace("tiny network", "nets:Net"))
        (place / "nets.py").write_text(text)
    found, _, err = call("status", "there/tiny.yaml", cwd=folder)
    assert code == found
    assert bool(code) == err.startswith("there/tiny.yaml: has the same study name as tiny.yaml,")


def test_a_copy_of_a_folder_goes_on_by_itself(folder: Path, tmp_path: Path) -> None:
    """The file that its results were made from is in another folder, and may be edited there."""
    record = folder / "results" / "tiny" / "study.json"
    other = write(tmp_path, STUDY.replace("lr: 0.05", "lr: 0.02"))
    text = record.read_text(encoding="utf-8")
    record.write_text(text.replace('"source": "tiny.yaml"', f'"source": "{other}"'))
    assert (0, "") == call("status", "tiny.yaml", cwd=folder)[::2]


def test_a_file_that_was_renamed_keeps_its_results(folder: Path) -> None:
    """Neither a new name nor a copy of a file makes another study."""
    shutil.copy(folder / "tiny.yaml", folder / "copy.yaml")
    assert 0 == call("status", "copy.yaml", cwd=folder)[0]
    (folder / "tiny.yaml").rename(folder / "renamed.yaml")
    assert "tiny: 4 trials: 4 done." in call("status", "renamed.yaml", cwd=folder)[1]


def test_a_study_of_the_current_folder_has_a_name(folder: Path) -> None:
    """Its file is found by the name of the study, if it is called so."""
    write(folder, STUDY.replace(*EDITS["title"]))
    assert f"{named('title')}\n" in call("status", "tiny", cwd=folder)[1]
    assert 0 == call("pack", "tiny", "-o", "tiny.zip", cwd=folder)[0]
    (folder / "tiny.yaml").rename(folder / "other.yaml")
    code, _, err = call("pack", "tiny", "-o", "other.zip", cwd=folder)
    assert (1, True) == (code, err.startswith("tiny: unknown study 'tiny'."))


def test_a_default_that_an_earlier_version_did_not_have_is_no_edit(tmp_path: Path) -> None:
    """A setting that the file states now is one."""
    new = read_study(write(tmp_path))
    training = {k: v for k, v in new.baseline["training"].items() if k not in {"tta", "epochs"}}
    old = new.model_copy(update={"baseline": {**new.baseline, "training": training}})
    assert [f"baseline training.epochs none -> {new.baseline['training']['epochs']}"] == (
        trained_edits(old, new)
    )
