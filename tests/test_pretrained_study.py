"""Fine-tuning as a study: pretrained against from scratch, frozen against trained, by the CLI."""

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "pretrained"


def cnn_ablate(folder: Path, *arguments: str) -> str:
    """Run the program in a folder, and return what it prints."""
    command = [sys.executable, "-m", "cnn_ablate", *arguments]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout + ended.stderr


@pytest.mark.slow
def test_pretrained_weights_help_and_are_part_of_the_identity(tmp_path: Path) -> None:
    """The weights file is that of a trial; the study trains four variants, and decides on each."""
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    cnn_ablate(tmp_path, "run", "pretrain.yaml", "--compute", "eager")
    [network] = (tmp_path / "results" / "trials").glob("*/model.pt")
    shutil.copy(network, tmp_path / "pretrained.pt")
    study = ("run", "study.yaml", "--compute", "eager", "--seeds", "2")
    cnn_ablate(tmp_path, *study)

    trials = pd.read_csv(tmp_path / "results" / "pretrained" / "results.csv")
    means = trials.groupby("variant")["test_accuracy"].mean()
    assert ["baseline", "freeze=1", "freeze=backbone", "weights=none"] == [*means.index]
    assert means["baseline"] > means["weights=none"]
    assert [0] == [*trials["dead_parameters"].unique()]
    assert 1 == trials["parameters"].nunique() == trials["macs"].nunique()
    assert "8 are done" in cnn_ablate(tmp_path, *study)
