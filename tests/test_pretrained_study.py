"""Fine-tuning as a study: pretrained against from scratch, frozen against trained, by the CLI."""

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

PRETRAIN = """\
study: pretrain
baseline:
  data: {name: fashion_mnist_sample, subset: 1000, test_subset: 100}
  model: {name: "torchvision:shufflenet_v2_x0_5"}
  optimizer: {name: adam, lr: 0.003}
  training: {epochs: 6, batch_size: 50}
seeds: 1
"""
FINETUNE = """\
study: finetune
baseline:
  data: {name: fashion_mnist_sample, subset: 200, test_subset: 500}
  model: {name: "torchvision:shufflenet_v2_x0_5", weights: pretrained.pt, freeze: none}
  optimizer: {name: adam, lr: 0.001}
  training: {epochs: 2, batch_size: 50}
factors:
  model.weights: [pretrained.pt, null]
  model.freeze: [none, backbone, 1]
seeds: 3
"""


def cnn_ablate(folder: Path, *arguments: str) -> str:
    """Run the program in a folder, and return what it prints."""
    command = [sys.executable, "-m", "cnn_ablate", *arguments]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout + ended.stderr


@pytest.mark.slow
def test_pretrained_weights_help_and_are_part_of_the_identity(tmp_path: Path) -> None:
    """The weights file is that of a trial; the study trains four variants, and decides on each."""
    (tmp_path / "pretrain.yaml").write_text(PRETRAIN, encoding="utf-8")
    (tmp_path / "finetune.yaml").write_text(FINETUNE, encoding="utf-8")
    cnn_ablate(tmp_path, "run", "pretrain.yaml", "--compute", "eager")
    [network] = (tmp_path / "results" / "trials").glob("*/model.pt")
    shutil.copy(network, tmp_path / "pretrained.pt")
    cnn_ablate(tmp_path, "run", "finetune.yaml", "--compute", "eager")

    trials = pd.read_csv(tmp_path / "results" / "finetune" / "results.csv")
    means = trials.groupby("variant")["test_accuracy"].mean()
    assert ["baseline", "freeze=1", "freeze=backbone", "weights=none"] == [*means.index]
    assert means["baseline"] > means["weights=none"]
    assert [0] == [*trials["dead_parameters"].unique()]
    assert 1 == trials["parameters"].nunique() == trials["macs"].nunique()
    assert "12 are done" in cnn_ablate(tmp_path, "run", "finetune.yaml", "--compute", "eager")
