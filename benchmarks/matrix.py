"""Time a matrix of trials: cnn-ablate against sequential reference runs, in alternation."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import pandas as pd
from workloads import WORKLOADS, Matrix, ablation, matrix, smoke

HERE = Path(__file__).parent
HEADER = (
    f"{'workload':14} {'precision':9} {'min':>6} {'median':>6} {'max':>6}"
    f"  {'images/s':>19}  {'peak MB':>13}  {'seconds':>13}"
)


class Side:
    """The cost of one side: seconds, images trained on, and peak memory of one process in MB."""

    def __init__(self, seconds: float, images: float, peak: float) -> None:
        self.seconds, self.images, self.peak = seconds, images, peak


def reference(runs: list[Path], workers: int, device: str, measured: int | None = None) -> Side:
    """Run the reference loop once per trial, one after the other.

    With `measured`, only so many are run, and the others are taken to need as long on average:
    the loop has no state from run to run.
    """
    scale = len(runs) / len(runs[:measured])
    runs = runs[:measured]
    # The reference uses as many threads as torch chooses.
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    start = time.perf_counter()
    results = []
    for run in runs:
        command = [sys.executable, str(HERE / "reference_loop.py"), str(run)]
        done = subprocess.run(
            [*command, "--workers", str(workers), "--device", device],
            check=True,
            env=environment,
            capture_output=True,
            text=True,
        )
        results.append(json.loads(done.stdout.splitlines()[-1]))
    seconds = (time.perf_counter() - start) * scale
    images = sum(result["images"] for result in results) * scale
    return Side(seconds, images, max(result["peak_memory_mb"] for result in results))


def ours(study: Path, device: str, *, warm: bool = False) -> Side:
    """Run the study with everything around the training: audit, autotuning, tables and report.

    Programs that the cache has are removed before, unless `warm`.
    """
    if not warm:
        shutil.rmtree(Path(os.environ["CNN_ABLATE_CACHE"]) / "programs", ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "cnn_ablate", "run", str(study), "--device", device]
        start = time.perf_counter()
        subprocess.run(command, check=True, cwd=scratch, capture_output=True)
        seconds = time.perf_counter() - start
        [table] = Path(scratch).glob("results/*/results.csv")
        trials = pd.read_csv(table)
    images = (trials["images_per_second"] * trials["seconds"]).sum()
    return Side(seconds, images, trials["peak_memory_mb"].max())


def fastest_workers(runs: list[Path], device: str) -> int:
    """Return the number of loader processes with which one reference run is fastest.

    On a GPU, one per core up to eight is tried as well.
    """
    reference(runs[:1], 0, device)  # decodes the images, which is timed for neither side
    numbers = {0, 2} if device == "cpu" else {0, 2, min(8, os.cpu_count() or 2)}
    return min(sorted(numbers), key=lambda workers: reference(runs[:1], workers, device).seconds)


def warm_up(study: Path) -> None:
    """Run a study once, untimed, so that the programs that it compiles are in the cache."""
    command = [sys.executable, "-m", "cnn_ablate", "run", str(study)]
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([*command, "--no-audit"], check=True, cwd=scratch, capture_output=True)


def compare(name: str, matrices: dict[str, Matrix], args: argparse.Namespace) -> None:
    """Print one row per precision: how many times faster we are, and the cost of both sides.

    The reference has one precision: each of its times is compared with all of ours that follow it.
    """
    runs = next(iter(matrices.values())).runs
    device = args.device
    workers = args.reference_workers
    workers = fastest_workers(runs, device) if workers is None else workers
    for trials in matrices.values() if args.warm else ():
        warm_up(trials.study)
    theirs: list[Side] = []
    mine: dict[str, list[Side]] = {precision: [] for precision in matrices}
    for _ in range(1 if args.quick else args.rounds):
        theirs.append(reference(runs, workers, device, args.reference_trials))
        for precision, trials in matrices.items():
            mine[precision].append(ours(trials.study, device, warm=args.warm))
    for precision, sides in mine.items():
        print(row(name, precision, theirs, sides), flush=True)


def row(name: str, precision: str, theirs: list[Side], mine: list[Side]) -> str:
    """Compare round by round; speed, memory and seconds are those of our fastest round."""
    rounds = list(zip(theirs, mine, strict=True))
    ratios = [slow.seconds / fast.seconds for slow, fast in rounds]
    other, our = min(rounds, key=lambda pair: pair[1].seconds)
    speeds = f"{our.images / our.seconds:8,.0f} : {other.images / other.seconds:8,.0f}"
    spread = f"{min(ratios):6.2f} {median(ratios):6.2f} {max(ratios):6.2f}"
    peaks = f"{our.peak:5.0f} : {other.peak:5.0f}"
    times = f"{our.seconds:5.0f} : {other.seconds:5.0f}"
    return f"{name:14} {precision:9} {spread}  {speeds:>19}  {peaks:>13}  {times:>13}"


def main() -> None:
    """Compare the workloads that are named, by default all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workload", choices=[*WORKLOADS, "ablation", "smoke"], action="append")
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=1, help="epochs per trial")
    parser.add_argument("--images", type=int, help="training images; the default suits two cores")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--reference-trials", type=int, help="reference runs per round; the rest is extrapolated"
    )
    parser.add_argument(
        "--reference-workers",
        type=int,
        help="loader processes; default: the faster",
    )
    parser.add_argument(
        "--warm", action="store_true", help="compile before, where a study is compiled at all"
    )
    parser.add_argument("--data", type=Path, help="folder of data sets to use instead of noise")
    parser.add_argument(
        "--quick", action="store_true", help="few images, one round: only a smoke test"
    )
    args = parser.parse_args()
    print(HEADER)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["CNN_ABLATE_CACHE"] = scratch
        if args.data:
            os.environ["CNN_ABLATE_DATA"] = str(args.data.resolve())
        for name in args.workload or [*WORKLOADS, "smoke"]:
            folder = Path(scratch) / name
            folder.mkdir()
            compare(name, matrices(name, folder, args), args)


def matrices(name: str, folder: Path, args: argparse.Namespace) -> dict[str, Matrix]:
    """Return the matrix of a workload, per precision."""
    if name == "smoke":
        return {"float32": smoke(folder)}
    work = replace(WORKLOADS["lenet" if name == "ablation" else name], epochs=args.epochs)
    work = replace(work, count=args.images or work.count)
    count = 200 if args.quick else work.count
    data = work.published(count) if args.data else work.synthetic(folder / "images", count)
    if name == "ablation":
        return {"float32": ablation(work, data, folder)}
    trials = 2 if args.quick else args.trials
    return {
        precision: matrix(work, precision, data, folder, trials) for precision in work.precisions
    }


if __name__ == "__main__":
    main()
