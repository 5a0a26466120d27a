"""`--json`: what each command prints follows the schema in docs, and nothing else is printed."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

import test_import_errors
from cnn_ablate.cli.json_values import PRINTED, printed_schema
from cnn_ablate.report import page_content
from support import fake_study
from support.cli_study import call, program
from support.fast_study import allow_fork, fork_workers

__all__ = ["fork_workers"]
pytestmark = allow_fork

ROOT = Path(__file__).parents[1]
STUDY = """\
study: s
baseline: {data: {name: fashion_mnist_sample}, model: {name: lenet}}
factors: {model.norm: [none, batch]}
"""
# A network that prints in Python and past it, when it is imported, built and called.
TALKATIVE = """\
import os
from torch import nn

def say(text):
    print(text)
    os.write(1, text.encode())

say("imported")

class Net(nn.Module):
    def __init__(self, channels: int, classes: int, norm: bool = True):
        super().__init__()
        say("built")
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(784 * channels, classes))
        self.norm = nn.BatchNorm1d(classes) if norm else nn.Identity()

    def forward(self, images):
        say("called")
        return self.norm(self.layers(images))
"""
TALKS = """\
study: talks
baseline:
  data: {name: fashion_mnist_sample, subset: 64, test_subset: 20}
  model: {name: "talkative:Net"}
  training: {epochs: 1, batch_size: 32}
factors: {model.norm: [true, false]}
"""
COMMANDS = {
    "audit": ["audit", "s.yaml"],
    "clean": ["clean"],
    "compare": ["compare", "made_up", "made_up"],
    "data list": ["data", "list"],
    "data verify": ["data", "verify", "fashion_mnist_sample"],
    "doctor": ["doctor"],
    "explain": ["explain", "s.yaml", "norm=batch"],
    "export": ["export", "made_up", "-o", "effects.csv", "--table", "effects"],
    "import": ["import", "elsewhere.yaml", "table.csv"],
    "init": ["init", "mine.yaml"],
    "list": ["list", "models"],
    "plan": ["plan", "s.yaml"],
    "report": ["report", "made_up"],
    "status": ["status", "made_up"],
}
# Tested where they have something to do: with files to download, or networks that were trained.
ELSEWHERE = {"data fetch", "pack", "predict", "run"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study, and the results of another."""
    folder = tmp_path_factory.mktemp("place")
    fake_study.publish(folder / "results", fake_study.FakeStudy(variants=3, seeds=3, images=100))
    (folder / "s.yaml").write_text(STUDY, encoding="utf-8")
    (folder / "elsewhere.yaml").write_text(test_import_errors.STUDY, encoding="utf-8")
    (folder / "table.csv").write_text(test_import_errors.GOOD, encoding="utf-8")
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_prints_what_the_schema_says(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Standard output is one JSON value of the command's form."""
    monkeypatch.setattr(page_content, "FIGURES", {})
    folder = Path(shutil.copytree(place, tmp_path / "copy"))
    code, out, _ = call(*COMMANDS[command], "--json", cwd=folder)
    schema = printed_schema()
    wanted = {"$defs": schema["$defs"], **schema["properties"][command]}
    assert 0 == code
    Draft202012Validator(wanted).validate(json.loads(out))


USER_CODE = {
    "init": ["init", "mine.yaml", "--model", "talkative:Net"],
    "plan": ["plan", "talks.yaml"],
    "audit": ["audit", "talks.yaml"],
    "explain": ["explain", "talks.yaml", "norm=false"],
    "run": ["run", "talks.yaml", "--compute", "eager", "--only", "baseline"],
    "predict": ["predict", "talks.yaml", "images.npy", "-o", "out.csv", "--trust-code"],
}


def test_what_user_code_prints_is_no_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes to standard error, whichever command imports, builds or calls a network."""
    monkeypatch.setattr(page_content, "FIGURES", {})
    (tmp_path / "talkative.py").write_text(TALKATIVE, encoding="utf-8")
    (tmp_path / "talks.yaml").write_text(TALKS, encoding="utf-8")
    np.save(tmp_path / "images.npy", np.zeros((2, 28, 28), np.uint8))
    said: dict[str, set[str]] = {}
    for name, words in USER_CODE.items():
        code, out, err = call(*words, "--json", cwd=tmp_path)
        assert 0 == code, err
        said |= {name: set(err.split()) & {"imported", "built", "called"}}
        for text in out.splitlines() if name == "run" else [out]:
            json.loads(text)
    # A process imports a module once, and knows the size of a network that it has built before.
    networks = {"built", "called"}
    assert {"init": {"imported"}, "plan": networks, "audit": networks} == {
        name: said[name] for name in ("init", "plan", "audit")
    }
    assert (networks, networks) == (said["explain"], said["predict"])


@pytest.mark.slow
@pytest.mark.parametrize("command", ["plan", "run"])
def test_what_goes_past_python_is_no_json(tmp_path: Path, command: str) -> None:
    """What C libraries and the workers write to standard output goes to standard error, too."""
    (tmp_path / "talkative.py").write_text(TALKATIVE, encoding="utf-8")
    (tmp_path / "talks.yaml").write_text(TALKS, encoding="utf-8")
    code, out, err = program(*USER_CODE[command], "--json", cwd=tmp_path)
    assert (0, True) == (code, "importedimported\n" in err or "imported\nimported" in err)
    for text in out.splitlines() if command == "run" else [out]:
        json.loads(text)


def test_every_command_of_the_schema_is_tested() -> None:
    """None is left out."""
    assert set(PRINTED) == {*COMMANDS, *ELSEWHERE}


def test_wrong_input_prints_nothing_on_standard_output(place: Path) -> None:
    """The exit code is 1, and the sentence goes to standard error."""
    code, out, err = call("status", "nothing", "--json", cwd=place)
    assert (1, "") == (code, out)
    assert "this study was not run" in err


def test_the_schema_in_docs_is_up_to_date() -> None:
    """The committed file matches the classes."""
    text = (ROOT / "docs" / "printed.schema.json").read_text(encoding="utf-8")
    assert json.dumps(printed_schema(), indent=1) + "\n" == text
