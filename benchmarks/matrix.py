"""Time a matrix of trials: cnn-ablate against one reference run after the other, alternating."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from workloads import WORKLOADS, Workload, draw

HERE = Path(__file__).parent


def reference(name: str, folder: Path, trials: int, workers: int) -> float:
    """Give the seconds that so many runs of the reference loop take, one after the other."""
    loop = str(HERE / "reference_loop.py")
    command = [sys.executable, loop, name, str(folder), "--workers", str(workers)]
    # The rival's threads are torch's own choice.
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    began = time.perf_counter()
    for _ in range(trials):
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def ours(workload: Workload, folder: Path, trials: int, precision: str) -> float:
    """Give the seconds that cnn-ablate takes for as many seeds, with all its start-up."""
    settings = workload.settings(folder)
    settings["training"]["precision"] = precision
    with tempfile.TemporaryDirectory() as scratch:
        study = Path(scratch) / "study.yaml"
        study.write_text(json.dumps({"study": "b", "baseline": settings, "seeds": trials}))
        command = [sys.executable, "-m", "cnn_ablate", "run", str(study)]
        began = time.perf_counter()
        subprocess.run(command, check=True, cwd=scratch, capture_output=True)
        return time.perf_counter() - began


def compare(name: str, trials: int, rounds: int, count: int) -> None:
    """Print one row for each precision: minimum, median and maximum of the ratio."""
    workload = WORKLOADS[name]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "images"
        draw(workload, folder, count)
        os.environ["CNN_ABLATE_CACHE"] = scratch
        ratios: dict[str, list[float]] = {"float32": [], "bfloat16": []}
        for _ in range(rounds):
            rival = min(reference(name, folder, trials, workers) for workers in (0, 2))
            for precision, found in ratios.items():
                found.append(rival / ours(workload, folder, trials, precision))
    for precision, found in ratios.items():
        low, middle, high = min(found), median(found), max(found)
        print(f"{name:14} {precision:9} {low:6.2f} {middle:6.2f} {high:6.2f}", flush=True)


def main() -> None:
    """Compare the chosen workloads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workload", choices=WORKLOADS, action="append")
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="few images, once: no figures to use")
    chosen = parser.parse_args()
    print(f"{'workload':14} {'precision':9} {'min':>6} {'median':>6} {'max':>6}  times faster")
    for name in chosen.workload or WORKLOADS:
        if chosen.quick:
            compare(name, trials=2, rounds=1, count=200)
        else:
            compare(name, chosen.trials, chosen.rounds, WORKLOADS[name].count)


if __name__ == "__main__":
    main()
