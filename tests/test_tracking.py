"""Trackers: what they log of each result, and that their failure ends no training."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import ClassVar
from unittest.mock import MagicMock, Mock

import pytest
from typer.testing import CliRunner

from cnn_ablate import tracking as module
from cnn_ablate.cli import app
from cnn_ablate.cli.commands.run import RunOptions, run_study
from cnn_ablate.errors import UserError
from cnn_ablate.executors import Ended
from cnn_ablate.runner import RunConfig
from cnn_ablate.runner.run import OnEvent
from cnn_ablate.schema import DataFacts, Trial, TrialResult
from cnn_ablate.study import Changes
from cnn_ablate.tracking import TRACKERS, Trackers
from cnn_ablate.tracking.read_trial import read_trial
from cnn_ablate.tracking.tracker import confusion_figure, flatten_settings
from support.fake_study import FakeStudy, publish, trial_result, variants_of

MADE = FakeStudy(variants=2, seeds=1, epochs=3, images=200)


def results() -> list[TrialResult]:
    """Return one fake result per variant."""
    facts = DataFacts(
        name="made", fingerprint="f1", classes=MADE.classes, shape=(1, 16, 16), train=1, test=200
    )
    return [
        trial_result(trial(seed, cell.name), cell, MADE).model_copy(update={"data": facts})
        for seed, cell in enumerate(variants_of(MADE))
    ]


def trial(seed: int, variant: str) -> Trial:
    """Return a fake trial."""
    settings = {"model": {"name": "lenet"}, "optimizer": {"name": "sgd", "lr": 0.1}}
    return Trial(
        id=f"{seed}-ff{seed}",
        key=f"ff{seed}",
        variant=variant,
        seed=seed,
        settings=settings,
        fingerprint="f1",
    )


@pytest.mark.parametrize("name", TRACKERS)
def test_a_tracker_that_is_not_installed_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Nothing is trained before that is known."""
    for missing in ("tensorboard", "mlflow", "mlflow.entities", "wandb"):
        monkeypatch.setitem(sys.modules, missing, None)

    with pytest.raises(UserError) as caught:
        Trackers([name], tmp_path, "study", print)

    expected = f"--track {name}: needs the package {name}, which is not installed. "
    assert f"{expected}Install cnn-ablate[{name}]." == str(caught.value)


def test_an_unknown_tracker_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error lists those of the table."""
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(app, ["run", "smoke", "--track", "tensorbord"])

    assert str(said.exception).endswith(
        "Did you mean 'tensorboard'? Known: mlflow, tensorboard, wandb."
    )


class Broken:
    """A tracker that fails later."""

    def __init__(self, folder: Path, study: str) -> None:
        self.place = str(folder / study)

    def logged(self) -> set[str]:
        """Return nothing."""
        return set()

    def add(self, result: TrialResult) -> None:
        """Fail."""
        raise OSError(f"{result.trial.id}: disk full")


def test_a_tracker_that_fails_is_told_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No training ends because a copy of its result could not be written."""
    monkeypatch.setitem(module.TRACKERS, "broken", Broken)
    said: list[str] = []
    trackers = Trackers(["broken"], tmp_path, "study", said.append)
    for one in results():
        trackers.add(one)

    assert ["Tracking with broken stopped: OSError: 0-ff0: disk full"] == said


class Closed(Broken):
    """A tracker that cannot be reached."""

    def __init__(self, folder: Path, study: str) -> None:
        raise ConnectionError(f"No way to {study} in {folder.name}.\nTry again.")


def test_a_tracker_that_cannot_be_opened_is_the_users_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is reported in a sentence before anything is trained."""
    monkeypatch.setitem(module.TRACKERS, "closed", Closed)
    with pytest.raises(UserError) as caught:
        Trackers(["closed"], tmp_path / "here", "study", print)

    said = "--track closed: cannot be opened: ConnectionError: No way to study in here."
    assert said == str(caught.value)


class Listener(Broken):
    """A tracker that remembers of which trials it was sent a result."""

    heard: ClassVar[list[str]] = []

    def add(self, result: TrialResult) -> None:
        """Remember one."""
        self.heard.append(result.trial.id)


def test_what_another_run_has_trained_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A result that another run came first with has no curves here: that run sends it in full."""
    theirs, ours = results()

    def run(*arguments: object) -> None:
        on_event: OnEvent = arguments[3]
        on_event(Ended(theirs.trial, theirs.compute, theirs, kept=True))
        on_event(Ended(ours.trial, ours.compute, ours))
        raise KeyboardInterrupt

    monkeypatch.setitem(module.TRACKERS, "listener", Listener)
    monkeypatch.setattr("cnn_ablate.cli.commands.run.run", run)
    choice = RunOptions(audit=False, track=("listener",))
    with pytest.raises(KeyboardInterrupt):
        run_study("smoke", Changes("smoke"), RunConfig(results=tmp_path), tmp_path, choice)

    assert [ours.trial.id] == Listener.heard


def test_settings_are_flat() -> None:
    """Lists and augmentations are logged as text, as in tables."""
    settings = {
        "data": {"augment": [{"name": "cutout", "size": 8}], "subset": None, "shuffle": True}
    }

    assert {
        "data.augment": "cutout(size=8)",
        "data.subset": "none",
        "data.shuffle": True,
    } == flatten_settings(settings)


def test_the_confusion_figure_counts_all_images() -> None:
    """Rows are true classes, columns predicted ones."""
    figure = confusion_figure(results()[0])
    assert figure

    axes = figure.axes[0]
    assert 200 == int(axes.images[0].get_array().sum())
    assert list(MADE.classes) == [text.get_text() for text in axes.get_yticklabels()]


def test_tensorboard_has_curves_figure_and_hyperparameters(tmp_path: Path) -> None:
    """One run per trial, which TensorBoard itself can read."""
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    first = results()[0]
    Trackers(["tensorboard"], tmp_path, "study", print).add(first)

    run = reader.EventAccumulator(str(tmp_path / "tensorboard" / "study" / "0-ff0")).Reload()
    told = [event.value for event in run.Scalars("train_loss")]
    assert pytest.approx([row.train_loss for row in first.epochs]) == told
    assert ["confusion"] == run.Tags()["images"]
    assert first.metrics
    assert pytest.approx(first.metrics.test_accuracy) == run.Scalars("final/test_accuracy")[0].value
    assert {"_hparams_/experiment", "_hparams_/session_start_info"} <= set(
        run.PluginTagToContent("hparams")
    )


def test_mlflow_takes_no_more_than_a_thousand_metrics_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long training is sent completely, in batches."""
    client = Mock()
    client.return_value.create_run.return_value.info.run_id = "run"
    client.return_value.search_runs.return_value = MagicMock(token="")
    monkeypatch.setitem(sys.modules, "mlflow.entities", Mock(Metric=lambda *values: values))
    monkeypatch.setitem(sys.modules, "mlflow.tracking", Mock(MlflowClient=client))
    cell = variants_of(MADE)[0]
    long = trial_result(trial(0, cell.name), cell, replace(MADE, epochs=300))
    Trackers(["mlflow"], tmp_path, "study", print).add(long)

    sent = [call.kwargs["metrics"] for call in client.return_value.log_batch.call_args_list]
    assert [1000] == [len(part) for part in sent[:-1]]
    losses = [metric[1] for part in sent for metric in part if metric[0] == "train_loss"]
    assert [row.train_loss for row in long.epochs] == losses


def test_mlflow_has_params_metrics_and_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """One run per trial in a SQLite store, which MLflow itself can read."""
    mlflow = pytest.importorskip("mlflow", reason="MLflow is large and not among the test packages")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert "MLFLOW_TRACKING_URI" not in os.environ
    both = results()
    for one in both:
        Trackers(["mlflow"], tmp_path, "study", print).add(one)

    assert ("", "") == capfd.readouterr()
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("study")
    runs = {run.data.tags["variant"]: run for run in client.search_runs([experiment.experiment_id])}
    run = runs[both[0].trial.variant]
    assert {one.trial.variant for one in both} == set(runs)
    assert ("FINISHED", "0.1") == (run.info.status, run.data.params["optimizer.lr"])
    history = client.get_metric_history(run.info.run_id, "train_loss")
    losses = [metric.value for metric in sorted(history, key=lambda metric: metric.step)]
    assert [row.train_loss for row in both[0].epochs] == losses
    assert ["confusion.png"] == [file.path for file in client.list_artifacts(run.info.run_id)]


def test_wandb_has_curves_and_settings_without_an_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One offline run per trial, which `wandb sync` can send."""
    pytest.importorskip("wandb", reason="not among the test packages")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    both = results()
    trackers = Trackers(["wandb"], tmp_path, "study", print)
    for one in both:
        trackers.add(one)

    [first, _] = sorted((tmp_path / "wandb" / "study" / "wandb").glob("offline-run-*"))
    [log] = first.glob("*.wandb")
    assert both[0].metrics
    assert b"train_loss" in log.read_bytes()
    assert both[0].trial.variant.encode() in log.read_bytes()
    assert {"ff0", "ff1"} == Trackers(["wandb"], tmp_path, "study", print).logged["wandb"]


@pytest.mark.parametrize("name", TRACKERS)
def test_finished_trials_are_copied_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """`--track` on a finished study copies it, and says what it did; then nothing is left to do."""
    pytest.importorskip(name, reason="not among the test packages")
    for variable in ("WANDB_MODE", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(variable, raising=False)
    made = FakeStudy(variants=2, seeds=1, epochs=3, images=200)
    study = publish(tmp_path / "results", made)
    trials = study.record.plan.trials
    for before in (0, 2):
        trackers = Trackers([name], tmp_path, "study", pytest.fail)
        trackers.copy(study.store, trials)
        [line] = trackers.summary()
        there = "" if not before else "; 2 were there already."
        assert line.startswith(f"{name}: {2 - before} trials copied to ")
        assert line.endswith(there)


def test_what_is_stored_is_copied_in_full(tmp_path: Path) -> None:
    """Curves and predictions are those of the trial as it was trained."""
    study = publish(tmp_path / "results", FakeStudy(variants=1, seeds=1, epochs=3, images=200))
    [one] = study.record.plan.trials
    [cell] = variants_of(FakeStudy(variants=1, seeds=1, epochs=3, images=200))
    expected = trial_result(one, cell, FakeStudy(variants=1, seeds=1, epochs=3, images=200))
    copied = read_trial(study.store, one)
    assert copied
    assert (expected.epochs, expected.predictions) == (copied.epochs, copied.predictions)
