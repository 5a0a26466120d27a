"""Time a few steps of a trial on made-up images."""

import time
from collections.abc import Iterator

import torch

from cnn_ablate.data import Images
from cnn_ablate.schema import ComputeConfig, DataFacts, Overrides, Trial, replaced
from cnn_ablate.train.loop import gradients_of, set_up
from cnn_ablate.train.step import StepInput
from cnn_ablate.train.trainer import Trainer

# Larger batches cost much the same an image, and an estimate should be short.
_MOST_IMAGES = 32
# Images that are cut from data sets by some settings; all of the made-up ones are used.
_WHOLE: Overrides = {"data.subset": None, "data.test_subset": None, "data.val_fraction": 0.0}


def seconds_per_epoch(trial: Trial, facts: DataFacts, compute: ComputeConfig) -> float:
    """Estimate how long an epoch and its evaluation take, from a few batches of noise.

    Evaluation is taken to cost a third of training an equal number of images; of a study with
    validation images, the test images come once, at the end, and are left out.
    """
    size: int = min(trial.settings["training"]["batch_size"], _MOST_IMAGES)
    small: Overrides = {"training.batch_size": size}
    step = seconds_per_step(_changed(trial, small), facts, compute)
    counts = facts.counts(trial.settings["data"])
    tests = not counts.val or trial.settings["training"]["select"] == "best_test"
    return step / size * (counts.train + (counts.val + (counts.test if tests else 0)) / 3)


def seconds_per_step(
    trial: Trial, facts: DataFacts, compute: ComputeConfig, *, at_least: float = 0.0
) -> float:
    """Time the training step of a trial; in a stack, its share of the joint step.

    Gives the fastest of two steps, or of more for `at_least` so many seconds; before them, a step
    compiles what is to be compiled and warms the rest.
    """
    set_up(compute, trial)
    trial = _changed(trial, _WHOLE)
    # A course of so many steps must not end under the clock.
    settings = {**trial.settings, "schedule": {"name": "constant"}}
    trial = trial.model_copy(update={"settings": settings})
    images = noise(facts, trial.settings["training"]["batch_size"])
    benches = [Trainer(trial, images, compute) for _ in range(compute.stack)]
    gradients = gradients_of(benches, compute)
    times: list[float] = []
    epochs = _endless(benches)
    while len(times) < 3 or sum(times[1:]) < at_least:
        lessons = next(epochs)
        _wait(compute.device)
        began = time.perf_counter()
        gradients(lessons)
        for lesson in lessons:
            lesson.bench.update(lesson.epoch)
        _wait(compute.device)
        times.append(time.perf_counter() - began)
    return min(times[1:]) / len(benches)


def _wait(device: str) -> None:
    """Let a device end what it was given, so that its work is timed and not its orders."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    elif device == "mps":
        torch.mps.synchronize()


def _endless(benches: list[Trainer]) -> Iterator[list[StepInput]]:
    """Give the one batch of each epoch, for each network."""
    for bench in benches:
        bench.model.train()
    while True:
        yield [StepInput(bench, 0, batch) for bench in benches for batch in bench.loader.epoch(0)]


def _changed(trial: Trial, overrides: Overrides) -> Trial:
    return trial.model_copy(update={"settings": replaced(trial.settings, overrides)})


def noise(facts: DataFacts, count: int) -> Images:
    """Make up images of the right shape, always the same, of every class in turn."""
    generator = torch.Generator().manual_seed(0)
    shape = (count, *facts.shape)
    pixels = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    labels = torch.arange(count) % len(facts.classes)
    return Images(pixels, labels, pixels, labels, facts)
