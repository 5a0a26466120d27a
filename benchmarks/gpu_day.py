"""All that is worth knowing of a GPU, in nine minutes: run it before anything else that needs one.

Stages are ordered by value, and each has an end. Every line is printed and written as soon as it
is known, so nothing is lost if the time runs out. `--dry` runs the same code on the CPU.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import torch
from limit import facts as facts_of
from limit import trial as trial_of
from workloads import WORKLOADS

from cnn_ablate.schema import ComputeConfig, Overrides, Trial, with_overrides
from cnn_ablate.train import Trainer, random_images, time_steps
from cnn_ablate.train.backends import build_program
from cnn_ablate.train.graph import forget_programs, graph_program
from cnn_ablate.train.loop import configure_torch

TESTS = Path(__file__).parent.parent / "tests" / "test_gpu.py"
PRECISIONS = ("float32", "bfloat16", "tf32")
STEPS = 16
# Where a dry run has few seconds and no GPU: two small networks, and no other precision.
DRY = {"lenet", "fashion_cnn1"}
# How many networks are trained side by side: of short steps, and of long ones.
SHORT, LONG = (1, 8, 32, 64, 128), (1, 4)
WIDTHS = {"lenet": SHORT, "fashion_cnn1": SHORT, "fashion_cnn2": SHORT}
# By name: the second at which a stage has to end.
ENDS = {"machine": 20, "steps": 100, "widths": 250, "bits": 330, "epochs": 410, "tests": 540}


class Day:
    """The device, the time that is left, and the file of what was found."""

    def __init__(self, out: Path, seconds: float, *, dry: bool) -> None:
        self.began, self.seconds, self.dry = time.monotonic(), seconds, dry
        self.device = "cpu" if dry else "cuda"
        out.mkdir(parents=True, exist_ok=True)
        self.file = out / "facts.jsonl"

    def has_time(self, stage: str) -> bool:
        """Return whether a stage may begin another measurement."""
        end = min(ENDS[stage] / ENDS["tests"], 1) * self.seconds
        return time.monotonic() - self.began < end

    def note(self, **found: Any) -> None:
        """Print a line, and write it before anything else is done."""
        line = json.dumps({**found, "second": round(time.monotonic() - self.began, 1)})
        print(line, flush=True)
        with self.file.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def compute(self, backend: str, width: int = 1) -> ComputeConfig:
        """Return compute settings of this device; a dry run captures nothing."""
        layout = "channels_last" if width == 1 else "contiguous"
        return ComputeConfig(device=self.device, backend=backend, width=width, layout=layout)

    def widths(self, name: str) -> tuple[int, ...]:
        """Return the widths to time of a workload."""
        return (1, 3) if self.dry else WIDTHS.get(name, LONG)

    def reset_memory(self) -> None:
        """Release the memory of earlier measurements, and reset its peak."""
        forget_programs()
        if not self.dry:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def gigabytes(self) -> float:
        """Return the peak of the memory since the last reset; 0 on a CPU."""
        return 0.0 if self.dry else torch.cuda.max_memory_allocated() / 2**30

    def cases(self) -> Iterator[tuple[str, str]]:
        """Yield each workload in each precision."""
        for precision, name in product(PRECISIONS[:1] if self.dry else PRECISIONS, WORKLOADS):
            if not self.dry or name in DRY:
                yield name, precision


def trainer(name: str, precision: str, compute: ComputeConfig) -> Trainer:
    """Return the trainer of a workload on random images."""
    work = WORKLOADS[name]
    all_images: Overrides = {"data.subset": None, "data.test_subset": None}
    one: Trial = trial_of(work, precision)
    one = one.model_copy(update={"settings": with_overrides(one.settings, all_images)})
    configure_torch(compute, one)
    return Trainer(one, random_images(facts_of(work), STEPS * work.batch_size), compute)


def machine(day: Day) -> None:
    """Note the versions and the GPU."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    day.note(stage="machine", torch=torch.__version__, python=platform.python_version(), gpu=gpu)


def steps(day: Day) -> None:
    """Time a step of every workload, eagerly and as a graph of one network."""
    for name, precision in day.cases():
        for backend in ("eager", "graph"):
            if day.has_time("steps"):
                _time(day, "steps", name, precision, day.compute(backend))


def widths(day: Day) -> None:
    """Time a step of several networks side by side, and note the memory that it takes."""
    for name, precision in day.cases():
        for width in day.widths(name)[1:]:
            if day.has_time("widths"):
                _time(day, "widths", name, precision, day.compute("graph", width))


def _time(day: Day, stage: str, name: str, precision: str, compute: ComputeConfig) -> None:
    """Note the milliseconds of a step per network; what fails is noted, too."""
    found: dict[str, Any] = {"work": name, "precision": precision, "backend": compute.backend}
    try:
        day.reset_memory()
        seconds = time_steps(trainer(name, precision, compute), at_least=0.01 if day.dry else 0.5)
        found |= {"ms": seconds * 1e3 / compute.width, "gb": day.gigabytes()}
    except Exception as error:  # noqa: BLE001 - the other widths are worth as much
        found["failed"] = f"{type(error).__name__}: {error}"[:300]
    day.note(stage=stage, width=compute.width, **found)


def bits(day: Day) -> None:
    """Compare the weights after an epoch: of two graphs, of another width, and of eager steps."""
    for name, precision in day.cases():
        if day.has_time("bits"):
            wide = day.compute("graph", day.widths(name)[1])
            settings = (
                day.compute("graph"),
                day.compute("graph"),
                day.compute("eager"),
                wide,
                wide,
            )
            trained = [trainer(name, precision, compute) for compute in settings]
            for one in trained:
                _epoch(one)()
            first, again, eager, side, side_again = trained
            found = {
                "again": _largest_difference(first, again),
                "eager": _largest_difference(first, eager),
                "side_by_side": _largest_difference(first, side),
                "side_by_side_again": _largest_difference(side, side_again),
            }
            day.note(stage="bits", work=name, precision=precision, **found)


def _epoch(one: Trainer) -> Callable[[], Any]:
    """Return a function that trains an epoch."""
    if one.compute.backend == "graph":
        forget_programs()
        return partial(graph_program([one]).run_epoch, on_step=lambda _: None)
    return partial(build_program(one).run_epoch, 0, on_step=lambda _: None)


def _largest_difference(one: Trainer, other: Trainer) -> float:
    pairs = zip(one.parameters, other.parameters, strict=True)
    return max(float((a - b).detach().abs().max()) for a, b in pairs)


def epochs(day: Day) -> None:
    """Time whole epochs without waits between steps."""
    for name, precision in day.cases():
        candidates = [day.compute("eager"), *(day.compute("graph", w) for w in day.widths(name))]
        for compute in candidates:
            if day.has_time("epochs"):
                run_epoch = _epoch(trainer(name, precision, compute))
                seconds = [_epoch_seconds(day, run_epoch) for _ in range(3)]
                day.note(
                    stage="epochs",
                    work=name,
                    precision=precision,
                    backend=compute.backend,
                    width=compute.width,
                    ms_per_step=min(seconds[1:]) / STEPS * 1e3 / compute.width,
                )


def _epoch_seconds(day: Day, run_epoch: Callable[[], Any]) -> float:
    began = time.perf_counter()
    run_epoch()
    if not day.dry:
        torch.cuda.synchronize()
    return time.perf_counter() - began


def tests(day: Day) -> None:
    """Run the tests that need a GPU for as long as there is time."""
    left = day.seconds - (time.monotonic() - day.began) - 10
    if day.dry or left < 30:
        return
    command = [sys.executable, "-m", "pytest", "-o", "addopts=", "-q", "-m", "gpu", str(TESTS)]
    ended = subprocess.run(
        [*command, "--tb=line"], capture_output=True, text=True, timeout=left, check=False
    )
    day.note(stage="tests", last_lines=ended.stdout.splitlines()[-15:])


STAGES: dict[str, Callable[[Day], None]] = {
    "machine": machine,
    "steps": steps,
    "widths": widths,
    "bits": bits,
    "epochs": epochs,
    "tests": tests,
}


def main() -> None:
    """Run all stages; an error in one is noted, and ends it alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder for facts.jsonl")
    parser.add_argument("--seconds", type=float, default=540.0)
    parser.add_argument("--dry", action="store_true", help="a few steps on the CPU")
    args = parser.parse_args()
    day = Day(args.out, args.seconds, dry=args.dry)
    for name, stage in STAGES.items():
        try:
            stage(day)
        except Exception as error:  # noqa: BLE001 - the other stages are worth as much
            day.note(stage=name, failed=f"{type(error).__name__}: {error}"[:500])


if __name__ == "__main__":
    main()
