"""Each mistake of a user has one clear message, word for word, and exit code 1.

`messages.yaml` has the command line of each case, its changes to the common study, and the message.
"""

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from cnn_ablate.cli import main
from support import fake_study

CASES: dict[str, dict[str, Any]] = YAML(typ="safe", pure=True).load(
    Path(__file__).with_name("messages.yaml")
)
STUDY = """\
study: mine
baseline:
  data: {name: fashion_mnist_sample, subset: 100, test_subset: 50}
  model: {name: lenet}
factors:
  model.norm: [none, batch]
seeds: 2
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with a made-up study."""
    root = tmp_path_factory.mktemp("ran") / "results"
    fake_study.publish(root, fake_study.FakeStudy(variants=3, seeds=2, images=50))
    return root


@pytest.fixture
def place(ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a study and the results of another."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    shutil.copytree(ran, tmp_path / "results")
    return tmp_path


def put(place: Path, case: dict[str, Any]) -> None:
    """Write the files of a case: the common study with its changes, and others."""
    study = STUDY
    for old, new in case.get("changes", {}).items():
        assert old in study
        study = study.replace(old, new)
    for name, text in {"mine.yaml": study, **case.get("files", {})}.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")


def call(*words: str) -> int:
    """Return the exit code of the program, called in this process."""
    sys.argv = ["cnn-ablate", *words]
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("name", CASES)
def test_message(
    place: Path, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The output is exactly the expected one."""
    case = CASES[name]
    put(place, case)
    monkeypatch.setattr(sys, "argv", [])
    code = call(*case["command"].split())
    output = capsys.readouterr().err.replace(f"{place}{os.sep}", "").replace(str(place), "here")
    assert (1, f"{case['message'].rstrip()}\n") == (code, output)
