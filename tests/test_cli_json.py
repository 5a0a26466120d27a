"""`--json`: what each command prints follows the schema in docs, and nothing else is printed."""

import json
import shutil
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from cnn_ablate.cli.json_values import PRINTED, printed_schema
from cnn_ablate.report import page_content
from support import fake_study
from support.cli_study import call

ROOT = Path(__file__).parents[1]
STUDY = """\
study: s
baseline: {data: {name: fashion_mnist_sample}, model: {name: lenet}}
factors: {model.norm: [none, batch]}
"""
COMMANDS = {
    "audit": ["audit", "s.yaml"],
    "clean": ["clean"],
    "compare": ["compare", "made_up", "made_up"],
    "data list": ["data", "list"],
    "data verify": ["data", "verify", "fashion_mnist_sample"],
    "doctor": ["doctor"],
    "export": ["export", "made_up", "-o", "effects.csv", "--table", "effects"],
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
