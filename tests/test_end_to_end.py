"""The command line on a tiny real study: run, resume, kill, report."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest

from cnn_ablate.report import page_content
from cnn_ablate.report.figures import FIGURES
from support import cli_study
from support.fast_study import allow_fork, fork_workers

__all__ = ["fork_workers"]
pytestmark = allow_fork


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the tiny study once, and return its folder and what was printed."""
    folder = tmp_path_factory.mktemp("ran")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnn_ablate.fork_server._METHOD", "fork")
        asked = ("run", cli_study.write(folder).name, "--compute", "eager")
        code, out, err = cli_study.call(*asked, cwd=folder)
    assert 0 == code, err
    return folder, out + err


def table(folder: Path, name: str = "results") -> pd.DataFrame:
    """Read a table of the tiny study without the columns that depend on the clock."""
    frame = pd.read_csv(folder / "results" / "tiny" / f"{name}.csv", keep_default_na=False)
    kept = frame.drop(columns=[column for column in cli_study.VOLATILE if column in frame])
    return kept.sort_values(list(kept.columns[:4]), ignore_index=True)


def test_run_trains_every_variant_and_writes_a_report(ran: tuple[Path, str]) -> None:
    """Tables and pages are written, and the program prints where."""
    folder, said = ran
    assert ["done"] * 4 == list(table(folder)["status"])
    assert "4 trials; 0 are done, 4 to train." in said
    assert f"Report:  {Path('reports') / 'tiny' / 'report.html'}" in said
    page = (folder / "reports" / "tiny" / "report.html").read_text(encoding="utf-8")
    assert "Does a tiny network want normalisation?" in page
    assert (folder / "reports" / "tiny" / "report.md").is_file()


@pytest.mark.slow
def test_a_clean_run_prints_no_warning(tmp_path: Path) -> None:
    """No library prints a warning; what the checks find is no warning of a library."""
    code, out, err = cli_study.program("run", cli_study.write(tmp_path), cwd=tmp_path)
    assert 0 == code, err
    lines = [line for line in (out + err).splitlines() if not line.startswith("Check:")]
    assert "warn" not in "\n".join(lines).lower()


def test_trial_folders_hold_everything(ran: tuple[Path, str]) -> None:
    """Each trial keeps settings, epochs, classes, predictions, weights and checksums."""
    files = {"trial.json", "epochs.csv", "steps.csv", "classes.csv", "predictions.npz"}
    for folder in (ran[0] / "results" / "trials").iterdir():
        assert files | {"model.pt", "DONE"} == {file.name for file in folder.iterdir()}


def test_running_again_trains_nothing(ran: tuple[Path, str]) -> None:
    """The same command finds all trials done, and rewrites none of their files."""
    folder, _ = ran
    before = {path: path.stat().st_mtime_ns for path in folder.glob("results/trials/*/*")}
    code, _, err = cli_study.call("run", "tiny.yaml", cwd=folder)
    assert 0 == code
    assert "4 are done, 0 to train." in err
    assert before == {path: path.stat().st_mtime_ns for path in folder.glob("results/trials/*/*")}


def test_findings_stay_until_another_version_looks(ran: tuple[Path, str], tmp_path: Path) -> None:
    """A run without the audit keeps the findings of the last one; a new version audits anew."""
    folder = shutil.copytree(ran[0], tmp_path / "here")
    path = folder / "results" / "tiny" / "study.json"
    assert 0 == cli_study.call("run", "tiny.yaml", cwd=folder)[0]
    before = json.loads(path.read_bytes())["findings"]
    assert before
    (path.parent / "claims.csv").unlink()
    assert 0 == cli_study.call("run", "tiny.yaml", "--no-audit", cwd=folder)[0]
    record = json.loads(path.read_bytes())
    assert (True, before) == (record["audited"], record["findings"])
    old = {**record, "findings": [], "environment": {**record["environment"], "cnn_ablate": "0"}}
    path.write_text(json.dumps(old), encoding="utf-8")
    assert 0 == cli_study.call("run", "tiny.yaml", cwd=folder)[0]
    assert before == json.loads(path.read_bytes())["findings"]


def test_trials_that_came_from_elsewhere_enter_the_tables(
    ran: tuple[Path, str], tmp_path: Path
) -> None:
    """A trial whose folder is on another machine keeps its row, and is read from it once here."""
    folder = shutil.copytree(ran[0], tmp_path / "here")
    whole = {name: table(folder, name) for name in ("results", "effects", "claims")}
    trials = folder / "results" / "trials"
    late = next(trials.glob("norm=none*"))
    late.rename(tmp_path / late.name)
    assert 0 == cli_study.call("run", "tiny.yaml", "--only", "baseline", cwd=folder)[0]
    assert 4 == len(table(folder))
    (tmp_path / late.name).rename(late)
    assert "0 to train." in cli_study.call("run", "tiny.yaml", cwd=folder)[2]
    for name, before in whole.items():
        pd.testing.assert_frame_equal(before, table(folder, name))


def test_test_images_can_be_left_out_of_the_report(
    ran: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --no-pictures no page or figure has test images; a run without it has them again."""
    names = ("samples", "training_images")
    monkeypatch.setattr(page_content, "FIGURES", {name: FIGURES[name] for name in names})
    folder = shutil.copytree(ran[0], tmp_path / "here")
    reports = folder / "reports" / "tiny"
    for options, shown in (("--no-pictures",), False), ((), True):
        assert 0 == cli_study.call("run", "tiny.yaml", *options, cwd=folder)[0]
        page = (reports / "report.html").read_text("utf-8")
        for name in names:
            assert shown == (f'id="figure-{name}"' in page)
        assert shown == (reports / "figures" / "samples.svg").exists()


def test_more_seeds_train_only_what_is_missing(ran: tuple[Path, str], tmp_path: Path) -> None:
    """Trials of an extended study that were done before are not trained again."""
    folder = shutil.copytree(ran[0], tmp_path / "copy")
    extended = ("--seeds", 3, "--only", "baseline")
    _, _, err = cli_study.call("run", "tiny.yaml", *extended, cwd=folder)
    assert "6 trials; 4 are done, 1 to train." in err


def test_plan_as_data(ran: tuple[Path, str]) -> None:
    """`plan --json` prints changes, sizes and finished trials per variant."""
    code, out, _ = cli_study.call("plan", "tiny.yaml", "--json", cwd=ran[0])
    rows = {row["variant"]: row for row in json.loads(out)["variants"]}
    assert 0 == code
    assert ["baseline", "norm=none"] == list(rows)
    assert {"model.norm": ["batch", "none"]} == rows["norm=none"]["changed"]
    assert "baseline" == rows["norm=none"]["reference"]
    assert 44_426 == rows["norm=none"]["parameters"]
    assert 2 == rows["norm=none"]["done"] == len(rows["norm=none"]["trial_ids"])


def test_report_is_written_again_without_training(ran: tuple[Path, str], tmp_path: Path) -> None:
    """`report` needs only the results folder."""
    code, out, _ = cli_study.call("report", "tiny", "--reports", tmp_path, cwd=ran[0])
    assert 0 == code
    assert (tmp_path / "tiny" / "report.html").is_file()
    assert str(tmp_path) in out


def wait_for(pattern: str, folder: Path, process: subprocess.Popen[str]) -> None:
    """Wait until the program has written a file that matches a pattern."""
    for _ in range(6000):
        if any(folder.glob(pattern)):
            return
        assert process.poll() is None
        time.sleep(0.02)
    killed(process)
    raise AssertionError(f"{pattern} never appeared in {folder}")


def killed(process: subprocess.Popen[str]) -> None:
    """Kill a program with all its workers, as a power cut would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.slow
def test_kill_9_costs_nothing_but_the_epoch_in_progress(
    ran: tuple[Path, str], tmp_path: Path
) -> None:
    """After kill -9 the same command writes the tables of an uninterrupted run."""
    study = cli_study.write(tmp_path)
    asked = ("run", study, "--compute", "eager", "--no-audit")
    process = cli_study.start(*asked, "--workers", 1, cwd=tmp_path)
    wait_for("results/.checkpoints/*", tmp_path, process)
    killed(process)
    code, _, err = cli_study.call(*asked, cwd=tmp_path)
    assert 0 == code, err
    for name in ("results", "epochs", "classes", "confusion"):
        assert table(ran[0], name).equals(table(tmp_path, name))


@pytest.mark.slow
def test_interrupt_says_how_to_go_on(tmp_path: Path) -> None:
    """Ctrl-C exits with 130 and keeps all finished trials."""
    study = cli_study.write(tmp_path)
    process = cli_study.start("run", study, "--workers", 1, "--no-audit", cwd=tmp_path)
    wait_for("results/trials/*/DONE", tmp_path, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert 130 == process.returncode
    assert "Run the same command again to resume." in err
    assert 1 <= len(table(tmp_path)) < 4
