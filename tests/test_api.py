"""The Python API: studies in, data frames out."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import cnn_ablate
from cnn_ablate.analysis import FRAMES
from cnn_ablate.errors import UserError
from support import cli_study, fake_study


def test_names_are_exported() -> None:
    """The package exports a few names, and lists them."""
    names = ["import_results", "load_model", "load_study", "plan_study"]
    names += ["read_results", "run_study", "write_report"]
    assert names == cnn_ablate.__all__
    assert set(names) <= set(dir(cnn_ablate))
    assert all(callable(getattr(cnn_ablate, name)) for name in names)
    with pytest.raises(AttributeError, match="has no attribute 'load_stuff'"):
        _ = cnn_ablate.load_stuff


def test_importing_the_package_is_cheap() -> None:
    """`import cnn_ablate` imports neither torch nor pandas."""
    code = "import sys, cnn_ablate; print({'torch', 'pandas', 'typer'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "set()\n" == said.stdout


def test_from_study_to_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A study is loaded, planned, run, read and reported, and its network used."""
    monkeypatch.chdir(tmp_path)
    text = cli_study.STUDY.replace("seeds: 2", "seeds: 1")
    study = cnn_ablate.load_study(cli_study.write(tmp_path, text), sets={"training.epochs": 1})
    assert 1 == study.baseline["training"]["epochs"]
    before = cnn_ablate.plan_study(study)
    assert [("baseline", 0), ("norm=none", 0)] == [*zip(before.variant, before.done, strict=True)]

    events: list[object] = []
    found = cnn_ablate.run_study(study, audit=False, workers=1, on_event=events.append)
    assert events
    assert set(FRAMES) == set(found)
    assert ["done", "done"] == list(found["trials"]["status"])
    assert [1, 1] == list(cnn_ablate.plan_study(study)["done"])
    network = cnn_ablate.load_model(found["trials"]["trial"][0])
    assert not network.training
    assert cnn_ablate.write_report(study).is_file()


def test_results_by_name(tmp_path: Path) -> None:
    """Results are read by the name of the study, without its file; numbers are numbers."""
    small = fake_study.publish(tmp_path, fake_study.FakeStudy(variants=3, seeds=4, images=200))
    found = cnn_ablate.read_results("made_up", results=tmp_path)
    pd.testing.assert_frame_equal(small.trials, found["trials"])
    assert "float64" == str(found["trials"]["test_accuracy"].dtype)


def test_effects_are_computed_from_the_trials(tmp_path: Path) -> None:
    """A variant `01` is no number, nor `NA` a missing value; nothing need be written before."""
    fake_study.publish(
        tmp_path, fake_study.FakeStudy(variants=3, seeds=2, images=40, names=("01", "NA"))
    )
    found = cnn_ablate.read_results("made_up", results=tmp_path)["effects"]
    assert ["01", "NA"] == list(found["variant"])
    assert "float64" == str(found["difference"].dtype)


def test_what_is_wrong_is_raised(tmp_path: Path) -> None:
    """Mistakes raise exceptions with the messages of the commands."""
    with pytest.raises(UserError, match="unknown study 'nostudy'"):
        cnn_ablate.load_study("nostudy")
    with pytest.raises(UserError, match=r"unknown key 'training\.epoch'"):
        cnn_ablate.load_study("smoke", sets={"training.epoch": 1})
    with pytest.raises(UserError, match="no such study was run"):
        cnn_ablate.read_results("nothing", results=tmp_path)


def test_what_a_run_lacks_is_said_before_the_audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the command, an impossible run fails before the audit."""
    monkeypatch.setattr("cnn_ablate.api.with_findings", lambda *_, **__: pytest.fail("audited"))
    study = cnn_ablate.load_study(cli_study.write(tmp_path))
    with pytest.raises(UserError, match="--device tpu: this machine has no such device"):
        cnn_ablate.run_study(study, device="tpu", results=tmp_path)
