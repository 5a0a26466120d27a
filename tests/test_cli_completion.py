"""Shell completion, which does not import torch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnn_ablate.cli import shell_completion
from cnn_ablate.cli.commands import list as list_command
from cnn_ablate.data import DATASETS
from cnn_ablate.models import MODELS
from support import fake_study

COMPLETE = """
import sys
from cnn_ablate.cli import app
try:
    app(prog_name="cnn-ablate")
finally:
    assert "torch" not in sys.modules
"""


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("cnn-ablate st", ["status"]),
        ("cnn-ablate run smo", ["smoke"]),
        ("cnn-ablate run cifar_cbam --profile c", ["cpu"]),
    ],
)
def test_the_shell_completes(tmp_path: Path, typed: str, expected: list[str]) -> None:
    """Commands, studies and profiles are completed as bash requests them."""
    asked = {"_CNN_ABLATE_COMPLETE": "complete_bash", "COMP_WORDS": typed}
    place = {"COMP_CWORD": str(len(typed.split()) - 1)}
    command = [sys.executable, "-c", COMPLETE]
    said = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, **asked, **place},
        capture_output=True,
        text=True,
        check=True,
    )
    assert expected == said.stdout.split()


def test_tables_and_names() -> None:
    """All tables, data sets and networks are completed, and nothing else."""
    assert {*list_command.LISTS} == set(shell_completion.tables(""))
    assert set(DATASETS) == set(shell_completion.datasets(""))
    assert set(MODELS) == set(shell_completion.models(""))
    assert ["cuda"] == shell_completion.devices("cu")


def test_what_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files here and studies that were run are completed, and the variants of the latter."""
    monkeypatch.chdir(tmp_path)
    fake_study.publish(tmp_path / "results", fake_study.FakeStudy(variants=2, seeds=1, images=50))
    (tmp_path / "made_mine.yaml").write_text("study: x\nprofiles: {fast: {}}\n", encoding="utf-8")
    assert ["made_mine.yaml", "made_up"] == shell_completion.studies("made")
    monkeypatch.setenv("COMP_WORDS", "cnn-ablate explain made_up ")
    assert ["baseline", "batch_norm=false"] == shell_completion.variants("")
    monkeypatch.setenv("COMP_WORDS", "cnn-ablate run made_mine.yaml --profile ")
    assert ["smoke", "fast"] == shell_completion.profiles("")
    monkeypatch.setenv("COMP_WORDS", "cnn-ablate run nothing --profile ")
    assert ["smoke"] == shell_completion.profiles("")
    assert [] == shell_completion.variants("")
