"""Time a matrix of trials: cnn-ablate against one reference run after the other, alternating."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import pandas as pd
from workloads import WORKLOADS, Matrix, matrix, smoke

HERE = Path(__file__).parent
HEADER = (
    f"{'workload':14} {'precision':9} {'min':>6} {'median':>6} {'max':>6}"
    f"  {'images/s':>19}  {'peak MB':>13}  {'seconds':>13}"
)


class Side:
    """What one side took: seconds, images seen in them, and the memory of its largest process."""

    def __init__(self, seconds: float, images: float, peak: float) -> None:
        self.seconds, self.images, self.peak = seconds, images, peak


def reference(runs: list[Path], workers: int, device: str) -> Side:
    """Run the reference loop once for each trial, one after the other."""
    # The rival's threads are torch's own choice.
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    began = time.perf_counter()
    told = []
    for run in runs:
        command = [sys.executable, str(HERE / "reference_loop.py"), str(run)]
        done = subprocess.run(
            [*command, "--workers", str(workers), "--device", device],
            check=True,
            env=environment,
            capture_output=True,
            text=True,
        )
        told.append(json.loads(done.stdout.splitlines()[-1]))
    seconds = time.perf_counter() - began
    return Side(
        seconds, sum(one["images"] for one in told), max(one["peak_memory_mb"] for one in told)
    )


def ours(study: Path, device: str) -> Side:
    """Run the study with all its start-up: audit, race, compilation, tables and report."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "cnn_ablate", "run", str(study), "--device", device]
        began = time.perf_counter()
        environment = {**os.environ, "TORCHINDUCTOR_CACHE_DIR": scratch}
        subprocess.run(command, check=True, cwd=scratch, env=environment, capture_output=True)
        seconds = time.perf_counter() - began
        [table] = Path(scratch).glob("results/*/results.csv")
        trials = pd.read_csv(table)
    images = (trials["images_per_second"] * trials["seconds"]).sum()
    return Side(seconds, images, trials["peak_memory_mb"].max())


def better(runs: list[Path], device: str) -> int:
    """Give the number of loader processes with which one reference run is faster.

    A GPU is worth as many as the machine has cores for, up to eight.
    """
    reference(runs[:1], 0, device)  # decodes the pictures, which is timed for neither
    numbers = {0, 2} if device == "cpu" else {0, 2, min(8, os.cpu_count() or 2)}
    return min(sorted(numbers), key=lambda workers: reference(runs[:1], workers, device).seconds)


def compare(name: str, matrices: dict[str, Matrix], rounds: int, device: str) -> None:
    """Print a row for each precision: how many times faster we are, and what both sides took.

    The rival has one precision: each of its times stands beside all of ours that follow it.
    """
    runs = next(iter(matrices.values())).runs
    workers = better(runs, device)
    theirs: list[Side] = []
    mine: dict[str, list[Side]] = {precision: [] for precision in matrices}
    for _ in range(rounds):
        theirs.append(reference(runs, workers, device))
        for precision, found in matrices.items():
            mine[precision].append(ours(found.study, device))
    for precision, sides in mine.items():
        print(row(name, precision, theirs, sides), flush=True)


def row(name: str, precision: str, theirs: list[Side], mine: list[Side]) -> str:
    """Compare round by round; speed, memory and seconds are those of our best round."""
    ratios = [rival.seconds / own.seconds for rival, own in zip(theirs, mine, strict=True)]
    rival, own = min(zip(theirs, mine, strict=True), key=lambda pair: pair[1].seconds)
    speeds = f"{own.images / own.seconds:8,.0f} : {rival.images / rival.seconds:8,.0f}"
    spread = f"{min(ratios):6.2f} {median(ratios):6.2f} {max(ratios):6.2f}"
    peaks = f"{own.peak:5.0f} : {rival.peak:5.0f}"
    times = f"{own.seconds:5.0f} : {rival.seconds:5.0f}"
    return f"{name:14} {precision:9} {spread}  {speeds:>19}  {peaks:>13}  {times:>13}"


def main() -> None:
    """Compare the chosen workloads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workload", choices=[*WORKLOADS, "smoke"], action="append")
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=1, help="more of them make longer trials")
    parser.add_argument("--images", type=int, help="to train on; by default what suits two cores")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, help="folder of published data sets, not noise")
    parser.add_argument("--quick", action="store_true", help="few images, once: no figures to use")
    asked = parser.parse_args()
    rounds = 1 if asked.quick else asked.rounds
    print(HEADER)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["CNN_ABLATE_CACHE"] = scratch
        if asked.data:
            os.environ["CNN_ABLATE_DATA"] = str(asked.data.resolve())
        for name in asked.workload or [*WORKLOADS, "smoke"]:
            folder = Path(scratch) / name
            folder.mkdir()
            compare(name, matrices(name, folder, asked), rounds, asked.device)


def matrices(name: str, folder: Path, asked: argparse.Namespace) -> dict[str, Matrix]:
    """Give the matrix of a workload in each of its precisions."""
    if name == "smoke":
        return {"float32": smoke(folder)}
    work = replace(WORKLOADS[name], epochs=asked.epochs)
    work = replace(work, count=asked.images or work.count)
    count = 200 if asked.quick else work.count
    data = work.real(count) if asked.data else work.drawn(folder / "images", count)
    trials = 2 if asked.quick else asked.trials
    return {
        precision: matrix(work, precision, data, folder, trials) for precision in work.precisions
    }


if __name__ == "__main__":
    main()
