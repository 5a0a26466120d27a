"""Whether faster ways to train come to the same accuracies: each against the reference loop.

Both sides train the same networks for a few epochs with several seeds; printed is the mean
difference in accuracy, ours minus theirs, with its 95 % interval over seeds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from scipy import stats
from workloads import CROP_FLIP

HERE = Path(__file__).parent
FASHION = {"name": "fashion_mnist_sample", "augment": [], "normalize": "half"}
CIFAR = {"name": "cifar10", "subset": 5000, "test_subset": 2000, "augment": CROP_FLIP}
# By name: data, network, learning rate, batch size. `cnnnet` wants CIFAR-10 ($CNN_ABLATE_DATA).
TASKS: dict[str, tuple[dict[str, Any], dict[str, Any], float, int]] = {
    "fashion_cnn": (FASHION, {"name": "fashion_cnn"}, 0.05, 64),
    "cnnnet": ({**CIFAR, "normalize": "half"}, {"name": "cnnnet"}, 0.01, 64),
}
# By name: the precision, and options of `cnn-ablate run`.
WAYS: dict[str, tuple[str, list[str]]] = {
    "eager": ("float32", ["--recipe", "eager"]),
    "bfloat16": ("bfloat16", ["--recipe", "eager"]),
    "stack of 4": ("float32", ["--recipe", "eager", "--stack", "4"]),
    "compiled": ("float32", ["--recipe", "compiled"]),
}


def settings(task: str, epochs: int, precision: str) -> dict[str, Any]:
    """Give the baseline of a task."""
    data, model, rate, batch_size = TASKS[task]
    return {
        "data": data,
        "model": model,
        "optimizer": {"name": "sgd", "lr": rate, "momentum": 0.9},
        "training": {"epochs": epochs, "batch_size": batch_size, "precision": precision},
    }


def theirs(task: str, epochs: int, seeds: int, folder: Path) -> list[float]:
    """Give the reference loop's accuracy of each seed."""
    run = folder / "run.json"
    run.write_text(json.dumps(settings(task, epochs, "float32")))
    command = [sys.executable, str(HERE / "reference_loop.py"), str(run), "--seed"]
    found = [
        subprocess.run([*command, str(seed)], check=True, capture_output=True, text=True).stdout
        for seed in range(seeds)
    ]
    return [json.loads(text.splitlines()[-1])["accuracy"] for text in found]


def ours(task: str, epochs: int, seeds: int, way: str, folder: Path) -> list[float]:
    """Give our accuracy of each seed, trained in this way."""
    precision, options = WAYS[way]
    study = folder / "study.yaml"
    baseline = settings(task, epochs, precision)
    study.write_text(json.dumps({"study": "parity", "baseline": baseline, "seeds": seeds}))
    command = [sys.executable, "-m", "cnn_ablate", "run", str(study), "--no-audit", *options]
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(command, check=True, cwd=scratch, capture_output=True)
        table = pd.read_csv(Path(scratch) / "results" / "parity" / "results.csv")
    if "--stack" in options and set(table["stack"]) != {int(options[-1])}:
        raise SystemExit(f"{task} could not be stacked.")
    return table.sort_values("seed")["test_accuracy"].tolist()


def main() -> None:
    """Print one row for each task and way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", choices=TASKS, action="append")
    parser.add_argument("--way", choices=WAYS, action="append")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=8)
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    print(f"{'task':12} {'way':11} {'theirs %':>8} {'ours %':>8} {'points':>7}   95 % interval")
    for task in asked.task or ["fashion_cnn"]:
        with tempfile.TemporaryDirectory() as scratch:
            reference = theirs(task, asked.epochs, asked.seeds, Path(scratch))
            for way in asked.way or WAYS:
                found = ours(task, asked.epochs, asked.seeds, way, Path(scratch))
                print(row(task, way, reference, found), flush=True)


def row(task: str, way: str, reference: list[float], found: list[float]) -> str:
    """Compare accuracies: their seeds mean different numbers, so that they are not paired."""
    test = stats.ttest_ind(found, reference, equal_var=False)
    low, high = test.confidence_interval()
    mean, rival = sum(found) / len(found), sum(reference) / len(reference)
    told = f"{task:12} {way:11} {rival:8.2%} {mean:8.2%} {100 * (mean - rival):+7.2f}"
    return f"{told}   {100 * low:+.2f} to {100 * high:+.2f}"


if __name__ == "__main__":
    main()
