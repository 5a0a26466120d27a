"""A study of a script that trains nothing, in milliseconds."""

from pathlib import Path

SCRIPT = """\
import argparse
import json
import random
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--act")
parser.add_argument("--seed", type=int)
parser.add_argument("--out", type=Path)
args = parser.parse_args()
noise = random.Random(args.seed * 1000 + (args.act == "relu")).gauss(0, 0.01)
accuracy = 0.8 + 0.05 * (args.act == "relu") - args.lr + noise
metrics = {"test_accuracy": accuracy, "nll": 1 - accuracy}
(args.out / "metrics.json").write_text(json.dumps(metrics))
"""
STUDY = """\
study: script
title: Which activation?
baseline:
  lr: 0.01
  model: {act: relu}
trainer:
  command: [python, train.py, --lr, "{lr}", --act, "{model.act}", --seed, "{seed}", --out, "{out}"]
factors:
  model.act: [relu, tanh]
seeds: 3
claims:
  - {id: act, factor: model.act, from: tanh, to: relu, effect: higher}
profiles:
  smoke: {lr: 0.02}
"""


def write(folder: Path, study: str = STUDY, script: str = SCRIPT) -> Path:
    """Write the script and the study file, and return the path of that."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train.py").write_text(script, encoding="utf-8")
    path = folder / "study.yaml"
    path.write_text(study, encoding="utf-8")
    return path
