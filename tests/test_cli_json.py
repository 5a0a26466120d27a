"""`--json`: what each command prints follows the schema in docs, and nothing else is printed."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from typer.main import get_command

import test_import_errors
from cnn_ablate.cli import app
from cnn_ablate.cli.json_values import PRINTED, printed_schema
from cnn_ablate.errors import UserError
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
WRONG = {
    "audit": ["audit", "nothing.yaml"],
    "clean": ["clean", "--nothing"],
    "compare": ["compare", "made_up", "nothing"],
    "data fetch": ["data", "fetch", "nothing"],
    "data list": ["data", "list", "--nothing"],
    "data verify": ["data", "verify", "nothing"],
    "doctor": ["doctor", "nothing"],
    "explain": ["explain", "s.yaml", "nothing"],
    "export": ["export", "made_up"],
    "import": ["import", "elsewhere.yaml", "nothing.csv"],
    "init": ["init", "s.yaml"],
    "list": ["list", "nothing"],
    "pack": ["pack", "nothing", "-o", "nothing.zip"],
    "plan": ["plan", "s.yaml", "--profile", "nothing"],
    "predict": ["predict", "nothing", "s.yaml", "-o", "nothing.csv"],
    "report": ["report", "nothing"],
    "run": ["run", "s.yaml", "--only", "nothing"],
    "schema": ["schema", "nothing"],
    "status": ["status", "nothing"],
}


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
    assert 0 == code
    validate(out, command)


@pytest.mark.parametrize("command", WRONG)
def test_a_command_that_fails_prints_its_errors(place: Path, command: str) -> None:
    """Standard output is one JSON object with the sentences that standard error has."""
    code, out, err = call(*WRONG[command], "--json", cwd=place)
    validate(out, "error")
    printed = json.loads(out)
    sentences = [f"{UserError(**each)}" for each in printed["errors"]]
    assert (1, 1, err.splitlines()) == (code, printed["exit_code"], sentences)


def validate(text: str, name: str) -> None:
    """Check printed JSON against the schema of a command, or that of errors."""
    schema = printed_schema()
    wanted = {"$defs": schema["$defs"], **schema["properties"][name]}
    Draft202012Validator(wanted).validate(json.loads(text))


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
            validate(text, name)
    # A process imports a module once, and knows the size of a network that it has built before.
    networks = {"built", "called"}
    assert {"init": {"imported", *networks}, "plan": networks, "audit": networks} == {
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


def test_every_command_is_tested() -> None:
    """None is left out, in the schema or here."""
    groups: dict[str, Any] = get_command(app).commands  # type: ignore[attr-defined]
    below = {f"data {name}" for name in groups["data"].commands}
    every = {*groups, *below} - {"data"}
    assert every == set(WRONG)
    assert every - {"schema"} | {"error"} == set(PRINTED)
    assert set(PRINTED) - {"error"} == {*COMMANDS, *ELSEWHERE}


def test_the_schema_of_studies_is_json(place: Path) -> None:
    """It is, with and without the option."""
    code, out, _ = call("schema", "--json", cwd=place)
    assert (0, "A study of cnn-ablate") == (code, json.loads(out)["title"])
    assert out == call("schema", cwd=place)[1]


def test_the_schema_in_docs_is_up_to_date() -> None:
    """The committed file matches the classes."""
    text = (ROOT / "docs" / "printed.schema.json").read_text(encoding="utf-8")
    assert json.dumps(printed_schema(), indent=1) + "\n" == text
