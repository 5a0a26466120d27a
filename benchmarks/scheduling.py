"""Measure how well trials of uneven length fill many workers, and the driver's cost per trial."""

import argparse
import heapq
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from cnn_ablate.executors import EXECUTORS, Ended, Event, Resources
from cnn_ablate.runner import Prepared, RunConfig, prepare
from cnn_ablate.runner.jobs import outstanding
from cnn_ablate.runner.run import run
from cnn_ablate.schema import DataFacts, Plan, Size, Study, Trial, Variant
from cnn_ablate.study import read_study

WORKERS = (1, 2, 4, 8, 16, 32, 64, 125, 250, 500, 1000)
SEEDS = 10
# Standard deviation of the logarithm of a trial's true length over its estimate.
LENGTH_ERROR = 0.3

EMPTY = """\
study: empty
baseline:
  data: {{name: fashion_mnist_sample, subset: 10, test_subset: 10}}
  model: {{name: lenet}}
  training: {{epochs: 1, batch_size: 10}}
seeds: {trials}
"""


def fake_ladder(trials: int) -> Prepared:
    """Return a prepared study whose networks grow from 1 to 300 million multiply-adds."""
    steps = np.geomspace(1e6, 3e8, trials // SEEDS)
    settings = {"data": {}, "training": {"epochs": 10, "batch_size": 128}}
    variants = [Variant(name=f"v{i}", settings=settings, levels={}) for i in range(len(steps))]
    plan = Plan(
        variants=tuple(variants),
        contrasts=(),
        trials=tuple(_trial(v, seed) for v in variants for seed in range(SEEDS)),
    )
    sizes = {v.name: Size(parameters=1, macs=int(n)) for v, n in zip(variants, steps, strict=True)}
    facts = DataFacts(
        name="none", fingerprint="", classes=(), shape=(3, 32, 32), train=50_000, test=10_000
    )
    study = Study(name="made_up", written={}, baseline={}, seeds=(0,))
    return Prepared(study, plan, sizes, (facts,))


def _trial(variant: Variant, seed: int) -> Trial:
    name = f"{variant.name}-seed{seed}"
    return Trial(
        id=name,
        key=name,
        variant=variant.name,
        seed=seed,
        settings=variant.settings,
        fingerprint="",
    )


def makespan(lengths: Iterable[float], workers: int) -> float:
    """Return when the last job ends if each is given to the first worker that is free."""
    free = [0.0] * workers
    for length in lengths:
        heapq.heapreplace(free, free[0] + length)
    return max(free)


def schedule(trials: int) -> None:
    """Print the share of the workers' time that is used, in file order and longest first."""
    prepared = fake_ladder(trials)
    noise = np.random.default_rng(0).lognormal(0, LENGTH_ERROR, trials)
    true = {
        trial.id: prepared.sizes[trial.variant].macs * factor
        for trial, factor in zip(prepared.plan.trials, noise, strict=True)
    }
    orders = {"file order": prepared.plan.trials, "longest first": outstanding(prepared)}
    print(f"{trials:,} trials: share of the workers' time that is used")
    print(f"{'workers':>8}" + "".join(f"{name:>15}" for name in orders) + f"{'possible':>15}")
    for workers in WORKERS:
        print(f"{workers:>8}" + "".join(_shares(orders.values(), true, workers)))


def _shares(
    orders: Iterable[Sequence[Trial]], true: dict[str, float], workers: int
) -> Iterable[str]:
    total = sum(true.values())
    for order in orders:
        yield f"{total / workers / makespan((true[trial.id] for trial in order), workers):>15.1%}"
    yield f"{total / workers / max(total / workers, *true.values()):>15.1%}"


def cost(trials: int, name: str) -> None:
    """Run trials of almost no work, and print the driver's time per trial."""
    ends: list[tuple[float, float]] = []

    def on_event(event: Event) -> None:
        if isinstance(event, Ended):
            ends.append((time.perf_counter(), time.process_time()))

    with tempfile.TemporaryDirectory() as scratch:
        study = Path(scratch) / "empty.yaml"
        study.write_text(EMPTY.format(trials=trials), encoding="utf-8")
        config = RunConfig(
            results=Path(scratch), executor=name, resources=Resources(workers=2), compute="eager"
        )
        prepared = prepare(read_study(study), config)
        start = time.perf_counter()
        run(prepared, outstanding(prepared), config, on_event)
        end = time.perf_counter()
        cpu = time.process_time()
    (first, cpu_first), (last, cpu_last) = ends[0], ends[-1]
    per_trial = (cpu_last - cpu_first) / (trials - 1)
    print(f"\n{trials:,} trials of almost no work, {name} executor, 2 workers")
    print(f"start until the first result  {first - start:8.2f} s")
    print(f"from the first to the last    {last - first:8.2f} s")
    print(f"tables of the study           {end - last:8.2f} s")
    print(f"the driver's processor time   {per_trial * 1e3:8.2f} ms per trial")
    print(f"  and for the tables          {(cpu - cpu_last) / trials * 1e3:8.2f} ms per trial")


def main() -> None:
    """Simulate a schedule, then measure the driver."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=10_000, help="number of trials to simulate")
    parser.add_argument("--empty", type=int, default=1_000, help="number of trials to run")
    parser.add_argument("--executor", choices=EXECUTORS, default="local")
    args = parser.parse_args()
    schedule(args.trials)
    cost(args.empty, args.executor)


if __name__ == "__main__":
    main()
