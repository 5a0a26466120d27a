"""Time the six runs of a published program: its scripts one after the other, and `fashion_lr`."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

SCRIPT = Path(__file__).parent / "released_script.py"
# By variant of the study: the options of the script.
RUNS = {
    "baseline": [],
    "model1_lr0.1": ["--lr", "0.1"],
    "model1_lr0.5": ["--lr", "0.5"],
    "model2": ["--convs", "2"],
    "model2_lr0.1": ["--convs", "2", "--lr", "0.1"],
    "adam": ["--convs", "2", "--lr", "0.0003", "--optimizer", "Adam"],
}


def seconds(commands: Sequence[Sequence[str]], **environment: str) -> float:
    """Return the seconds of some commands, one after the other, in an empty folder."""
    # Torch's default number of threads, for both sides.
    inherited = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        for command in commands:
            subprocess.run(
                command, check=True, cwd=folder, env=inherited | environment, capture_output=True
            )
        return time.perf_counter() - began


def scripts(data: Path, epochs: int) -> float:
    """Time the scripts."""
    command = [sys.executable, str(SCRIPT), str(data), "--epochs", str(epochs)]
    return seconds([[*command, *options] for options in RUNS.values()])


def ours(data: Path, epochs: int) -> float:
    """Time one command for the same variants, with audit, autotuning, tables and report."""
    command = [sys.executable, "-m", "cnn_ablate", "run", "fashion_lr", "--seeds", "1"]
    command += ["--only", ",".join(RUNS), "--set", f"training.epochs={epochs}"]
    return seconds([command], CNN_ABLATE_DATA=str(data))


def main() -> None:
    """Time both sides alternately, and print their seconds and the ratio, round by round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with FashionMNIST")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    data, ratios = args.data.resolve(), list[float]()
    for _ in range(args.rounds):
        theirs, mine = scripts(data, args.epochs), ours(data, args.epochs)
        ratios.append(theirs / mine)
        print(f"scripts {theirs:6.1f} s  ours {mine:6.1f} s  ratio {ratios[-1]:.2f}", flush=True)
    print(f"median ratio {median(ratios):.2f}")


if __name__ == "__main__":
    main()
