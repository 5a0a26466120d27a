"""`status`: the progress of a study, from its results folder alone."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from cnn_ablate.data import load
from cnn_ablate.executors import Ended, Progress
from cnn_ablate.runner import workload
from cnn_ablate.runner.jobs import Round
from cnn_ablate.runner.progress import ProgressWriter
from cnn_ablate.runner.workload import Workload
from cnn_ablate.schema import ComputeConfig, RunningTrial, RunProgress, Trial, TrialResult
from cnn_ablate.settings import options_of
from cnn_ablate.store import Results, Store, read_progress, write_progress, write_record
from cnn_ablate.text import about
from support import data_files, fake_study
from test_cli import call


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """An invented study of 3 variants and 4 seeds: one trial has failed, two were not trained."""
    small = fake_study.FakeStudy(variants=3, seeds=4, images=200, failed=1, missing=2)
    return fake_study.publish(tmp_path_factory.mktemp("ran"), small)


@pytest.fixture
def study(ran: Results, tmp_path: Path) -> Results:
    """A copy of it to write to."""
    shutil.copytree(ran.store.root, tmp_path / "results")
    here = {"store": Store(tmp_path / "results"), "folder": tmp_path / "results" / "made_up"}
    return Results(**{**vars(ran), **here})


def ago(seconds: float) -> str:
    """Return a time in the past."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="seconds")


def stand(
    study: Results, *, silent: float = 0, over: bool = False, waiting: slice = slice(-2, None)
) -> list[str]:
    """Write the progress of a run of ten minutes that has done a quarter of its work."""
    ids = [trial.id for trial in study.record.plan.trials]
    at = RunningTrial(epoch=2, epochs=8, images_per_second=1234)
    progress = RunProgress(
        trials=tuple(ids),
        waiting=tuple(ids[waiting]),
        under_way={} if over else {ids[waiting][0]: at},
        share=0.25,
        process=77,
        machine="here",
        started=ago(600 + silent),
        updated=ago(silent),
        over=over,
    )
    write_progress(study.store, "made_up", progress)
    return ids


def status(study: Results, *words: str) -> str:
    """Return the status of the invented study."""
    said = call("status", "made_up", "--results", study.store.root, *words)
    assert 0 == said.exit_code, said.exception
    return said.output


def test_what_was_run(study: Results) -> None:
    """Without an active run, trials are counted, and failures shown with their errors."""
    said = status(study)
    assert "made_up: 12 trials: 9 done, 1 failed, 2 not trained.\n" in said
    assert "Nothing is running; `cnn-ablate run` trains the rest.\n" in said
    assert "failed. the loss was not finite at batch 40 of epoch 2." in said


def test_what_is_running(study: Results) -> None:
    """Running trials and the remaining time are shown: three times what a quarter took."""
    ids = stand(study)
    said = status(study)
    assert "9 done, 1 failed, 1 running, 1 waiting." in said
    assert "Running for 10 min: process 77 on here, last update" in said
    assert f"  {ids[-2].rpartition('-')[0]}: epoch 2.0 of 8, 1,234 images/s\n" in said
    assert said.endswith("About 30 min left.\n")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "less than a second"), (0.9, "about 1 s"), (1800, "about 30 min")]
)
def test_time_left_in_words(seconds: float, words: str) -> None:
    """No estimate is zero."""
    assert words == about(seconds)


def test_time_left_follows_from_the_speed_that_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is none yet when all workers report their first batches."""
    seen = Workload()
    seen.add({"a": 1.0, "b": 1.0})
    left = []
    for now, trial, epoch in [(0.0, "a", 0.5), (0.5, "b", 0.5), (8.0, "a", 4.5)]:
        monkeypatch.setattr(workload, "time", SimpleNamespace(monotonic=lambda now=now: now))
        seen.update(Progress(trial, epoch, 10, 50.0))
        left.append(seen.seconds_left)
    # 0.45 of a trial in eight seconds, and 1.5 of them are left.
    assert [None, None, pytest.approx(8 * 1.5 / 0.45)] == left


def test_what_is_trained_afresh(study: Results) -> None:
    """With `--fresh` a trial is not done until it is trained again, though old results exist.

    Of nine trials that were done, three are to be trained again, and one of them is under way; the
    run leaves out the two that were never trained.
    """
    stand(study, waiting=slice(0, 3))
    assert "12 trials: 6 done, 1 failed, 1 running, 2 waiting, 2 not trained." in status(study)


@pytest.mark.parametrize("over", [False, True])
def test_a_damaged_trial_hides_nothing(study: Results, *, over: bool) -> None:
    """The status is found without reading the files of the trials."""
    if over:
        stand(study, over=True)
    first = study.store.folder(study.record.plan.trials[0])
    (first / "predictions.npz").write_bytes(b"damaged")
    assert "12 trials: 9 done, 1 failed, 2 not trained." in status(study)


def test_a_run_that_was_killed(study: Results) -> None:
    """A run without an update for minutes is not called running."""
    stand(study, silent=300)
    said = status(study)
    assert "Probably killed: process 77 on here, last update 5 min ago" in said
    assert "running," not in said


def test_a_run_that_was_interrupted(study: Results) -> None:
    """After Ctrl-C the status says how to resume."""
    stand(study, over=True)
    assert "The last run was interrupted; the same command resumes it." in status(study)


def test_a_run_that_never_wrote_its_tables(study: Results) -> None:
    """After a second Ctrl-C, or on a full disk, only the trials show what is done."""
    (study.store.root / "made_up" / "study.json").unlink()
    stand(study, over=True)
    said = status(study)
    assert "12 trials: 9 done, 1 failed, 2 not trained." in said
    assert "The last run was interrupted; the same command resumes it." in said


def test_a_failure_is_told_by_its_first_line(study: Results) -> None:
    """Only the first line of an error is shown, without its traceback."""
    trial = study.record.plan.trials[-1]
    error = "The worker process died (exit code -9).\nLast lines of its log:\nnothing"
    failed = TrialResult(trial=trial, status="failed", error=error, compute=ComputeConfig())
    study.store.publish(failed)
    assert "failed. The worker process died (exit code -9).\n" in status(study)


def test_data_sets_that_changed_are_named(
    study: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their files are compared with those that were decoded; nothing is decoded for that."""
    monkeypatch.setenv("CNN_ABLATE_CACHE", str(tmp_path / "tensors"))
    pictures = data_files.folder(tmp_path / "images", ["a", "b"])
    data = {"name": "image_folder", "path": str(pictures)}
    known = load(options_of("data", data)).facts.fingerprint
    plan = study.record.plan
    trials = tuple(
        trial.model_copy(update={"settings": trial.settings | {"data": data}, "fingerprint": known})
        for trial in plan.trials
    )
    record = study.record.model_copy(update={"plan": plan.model_copy(update={"trials": trials})})
    write_record(study.store, record)
    assert "Files of images" not in status(study)

    data_files.picture(pictures / "train" / "a" / "0000.png", seed=99)
    assert "Files of images have changed since they were decoded: a run" in status(study)
    assert 1 == len(list((tmp_path / "tensors").glob("image_folder-*")))


def test_status_as_data(study: Results) -> None:
    """`--json` prints the same for programs."""
    ids = stand(study)
    said = json.loads(status(study, "--json"))
    assert (12, 9, 1) == (said["trials"], said["done"], len(said["failed"]))
    assert (1, 1) == (said["to_come"], said["waiting"])
    assert 8 == said["under_way"][ids[-2]]["epochs"]
    assert said["seconds_left"] == pytest.approx(1800, abs=10)


def test_status_of_a_file(study: Results, tmp_path: Path) -> None:
    """A study file selects the study that it names, whatever the file is called."""
    file = tmp_path / "other.yaml"
    record = study.record.model_copy(update={"file": "study: made_up\n"})
    write_record(study.store, record)
    file.write_text(record.file, encoding="utf-8")
    assert "made_up: 12 trials" in call("status", file, "--results", study.store.root).output


def test_status_of_what_was_never_run(tmp_path: Path) -> None:
    """No run, and a run that has just started, cannot be distinguished."""
    fault = call("status", "nothing", "--results", tmp_path).exception
    assert "nothing: this study was not run, or its first trial has not started yet." in str(fault)


def test_a_progress_counts_the_work_of_its_own_run(tmp_path: Path) -> None:
    """Epochs of an earlier run do not count as work of this one; larger trials count more."""
    small, large = (
        Trial(id=name, key=name, variant="v", seed=0, settings={}, fingerprint="")
        for name in ("small", "large")
    )
    store = Store(tmp_path)
    writer = ProgressWriter(store, "s")
    work = {"small": 1.0, "large": 3.0}
    writer.begin(Round([small, large], ["small", "large", "other"], 1, work=work))
    writer.last_write = 0.0
    writer.update(Ended(small, ComputeConfig()))
    progress = read_progress(store, "s")
    assert progress
    assert (0.25, ("large",)) == (progress.share, progress.waiting)

    writer.last_write = 0.0
    writer.update(Progress("large", 5.2, 10, 100.0))
    writer.last_write = 0.0
    writer.update(Progress("large", 7.5, 10, 100.0))
    progress = read_progress(store, "s")
    assert progress
    assert progress.share == pytest.approx((1 + 3 * 0.25) / (1 + 3 * 0.5))
    assert {"large"} == set(progress.under_way)

    silent = progress.model_copy(update={"updated": ago(300)})
    write_progress(store, "s", silent)
    writer.heartbeat()
    assert silent == read_progress(store, "s")
    writer.last_write = 0.0
    writer.heartbeat()
    assert silent != read_progress(store, "s")

    writer.update(Ended(large, ComputeConfig()))
    writer.close()
    progress = read_progress(store, "s")
    assert progress
    assert (1.0, (), True) == (progress.share, progress.waiting, progress.over)


def test_a_run_with_nothing_to_train_writes_nothing(tmp_path: Path) -> None:
    """A finished study keeps the progress of its last run that trained anything."""
    writer = ProgressWriter(Store(tmp_path), "s")
    writer.begin(Round([], ["a"], 1))
    writer.close()
    assert read_progress(Store(tmp_path), "s") is None
