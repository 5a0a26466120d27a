"""Check that our training reaches the same accuracy as the reference loop, however it is computed.

Both sides train the same networks for a few epochs with several seeds. The mean difference in
accuracy, ours minus theirs, is printed with its 95 % interval over seeds.
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
# By name: data, network, learning rate, batch size. `cnnnet` needs CIFAR-10 ($CNN_ABLATE_DATA).
TASKS: dict[str, tuple[dict[str, Any], dict[str, Any], float, int]] = {
    "fashion_cnn": (FASHION, {"name": "fashion_cnn"}, 0.05, 64),
    "lenet": (FASHION, {"name": "lenet"}, 0.05, 64),
    "cnnnet": ({**CIFAR, "normalize": "half"}, {"name": "cnnnet"}, 0.01, 64),
}
# By name: the precision, and options of `cnn-ablate run`.
CONFIGS: dict[str, tuple[str, list[str]]] = {
    "eager": ("float32", ["--compute", "eager"]),
    "aot": ("float32", ["--compute", "aot"]),
    "bfloat16": ("bfloat16", ["--compute", "eager"]),
    "reference": ("float32", ["--compute", "reference"]),
}


def settings(task: str, epochs: int, precision: str) -> dict[str, Any]:
    """Return the baseline of a task."""
    data, model, rate, batch_size = TASKS[task]
    return {
        "data": data,
        "model": model,
        "optimizer": {"name": "sgd", "lr": rate, "momentum": 0.9},
        "training": {"epochs": epochs, "batch_size": batch_size, "precision": precision},
    }


def theirs(task: str, epochs: int, seeds: int, folder: Path) -> list[float]:
    """Return the accuracies of the reference loop, one per seed."""
    run = folder / "run.json"
    run.write_text(json.dumps(settings(task, epochs, "float32")))
    command = [sys.executable, str(HERE / "reference_loop.py"), str(run), "--seed"]
    outputs = [
        subprocess.run([*command, str(seed)], check=True, capture_output=True, text=True).stdout
        for seed in range(seeds)
    ]
    return [json.loads(text.splitlines()[-1])["accuracy"] for text in outputs]


def ours(task: str, epochs: int, seeds: int, config: str, folder: Path) -> list[float]:
    """Return our accuracies in a configuration, one per seed."""
    precision, options = CONFIGS[config]
    study = folder / "study.yaml"
    baseline = settings(task, epochs, precision)
    study.write_text(json.dumps({"study": "parity", "baseline": baseline, "seeds": seeds}))
    command = [sys.executable, "-m", "cnn_ablate", "run", str(study), "--no-audit", *options]
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(command, check=True, cwd=scratch, capture_output=True)
        table = pd.read_csv(Path(scratch) / "results" / "parity" / "results.csv")
    return table.sort_values("seed")["test_accuracy"].tolist()


def main() -> None:
    """Print one row per task and configuration."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", choices=TASKS, action="append")
    parser.add_argument("--config", choices=CONFIGS, action="append")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=8)
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    print(f"{'task':12} {'config':11} {'theirs %':>8} {'ours %':>8} {'points':>7}   95 % interval")
    for task in args.task or ["fashion_cnn"]:
        with tempfile.TemporaryDirectory() as scratch:
            reference = theirs(task, args.epochs, args.seeds, Path(scratch))
            for config in args.config or CONFIGS:
                accuracies = ours(task, args.epochs, args.seeds, config, Path(scratch))
                print(row(task, config, reference, accuracies), flush=True)


def row(task: str, config: str, reference: list[float], accuracies: list[float]) -> str:
    """Compare by Welch's test: equal seeds draw different numbers, so nothing is paired."""
    test = stats.ttest_ind(accuracies, reference, equal_var=False)
    low, high = test.confidence_interval()
    our, their = sum(accuracies) / len(accuracies), sum(reference) / len(reference)
    means = f"{task:12} {config:11} {their:8.2%} {our:8.2%} {100 * (our - their):+7.2f}"
    return f"{means}   {100 * low:+.2f} to {100 * high:+.2f}"


if __name__ == "__main__":
    main()
