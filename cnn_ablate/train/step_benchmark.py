"""Time the training step of a trial on random images."""

import time
from contextlib import suppress
from functools import partial
from math import prod
from statistics import median

import torch

from cnn_ablate.data import Images
from cnn_ablate.schema import ComputeConfig, DataFacts, Overrides, Trial, with_overrides
from cnn_ablate.train.backends import build_program
from cnn_ablate.train.check_program import RunEpoch, check
from cnn_ablate.train.graph import forget_programs, graph_program
from cnn_ablate.train.loop import configure_torch
from cnn_ablate.train.trainer import Trainer

# Larger batches take about the same time per image, and an estimate should be quick.
_MAX_BATCH_SIZE = 32
# The random images are those of so many steps, or more: as many as have this many pixel values, up
# to a number. A processor learns the branches of a step that it repeats on the same few images.
_STEPS = 16
_IMAGES, _VALUES = 4096, 2**24
# Random images are made to be used, so none are left out or split off.
_ALL_IMAGES: Overrides = {"data.subset": None, "data.test_subset": None, "data.val_fraction": 0.0}


def seconds_per_epoch(trial: Trial, facts: DataFacts, compute: ComputeConfig) -> float:
    """Estimate the seconds of an epoch and its evaluation from a few steps.

    Evaluation is assumed to take a third of the time of training on as many images. Where there
    are validation images, the test images are used once, at the end, and left out here.
    """
    batch_size: int = min(trial.settings["training"]["batch_size"], _MAX_BATCH_SIZE)
    small: Overrides = {"training.batch_size": batch_size}
    seconds = seconds_per_step(_with_settings(trial, small), facts, compute)
    counts = facts.counts(trial.settings["data"])
    tests = not counts.val or trial.settings["training"]["select"] == "best_test"
    evaluated = counts.val + (counts.test if tests else 0)
    return seconds / batch_size * (counts.train + evaluated / 3)


def seconds_per_step(
    trial: Trial, facts: DataFacts, compute: ComputeConfig, *, at_least: float = 0.0
) -> float:
    """Time the training step of a trial.

    Returns the median of two steps, or of as many as take `at_least` so many seconds: the fastest
    would leave out what a run waits for. One more step before them fills caches and is not timed.
    A step of the backend `graph` trains as many networks as it is wide, and is checked against
    eager ones first.
    """
    return time_steps(_random_trainer(trial, facts, compute), at_least=at_least)


def _random_trainer(trial: Trial, facts: DataFacts, compute: ComputeConfig) -> Trainer:
    """Return the trainer of a trial on random images."""
    configure_torch(compute, trial)
    trial = at_constant_rate(_with_settings(trial, _ALL_IMAGES))
    batch_size: int = trial.settings["training"]["batch_size"]
    count = max(batch_size * _STEPS, min(_IMAGES, _VALUES // prod(facts.shape)))
    return Trainer(trial, random_images(facts, count), compute)


def at_constant_rate(trial: Trial) -> Trial:
    """Return a trial without a schedule, of which some allow no more steps than a training has."""
    settings = {**trial.settings, "schedule": {"name": "constant"}}
    return trial.model_copy(update={"settings": settings})


def time_steps(trainer: Trainer, *, at_least: float = 0.0) -> float:
    """Time the steps of a trainer as `seconds_per_step` does; it is of no further use."""
    if trainer.compute.backend == "graph":
        check(trainer, lambda new: graph_program([new]).run_epoch)
        run_epoch: RunEpoch = graph_program([trainer]).run_epoch
    else:
        run_epoch = partial(build_program(trainer).run_epoch, 0)
    stopwatch = _Stopwatch(trainer.compute.device, at_least)
    with suppress(StopIteration):
        while True:
            run_epoch(stopwatch.lap)
    forget_programs()
    return median(stopwatch.times[1:])


class _Stopwatch:
    """The seconds per step of each lap; ends the training by StopIteration after enough of them."""

    def __init__(self, device: str, at_least: float) -> None:
        self.device, self.at_least = device, at_least
        # A wait after each step would add the time of its launches to that of its kernels.
        self.steps_per_lap = _STEPS // 2 if device.startswith("cuda") else 1
        self.steps = 0
        self.times: list[float] = []
        self.began = time.perf_counter()

    def lap(self, _: int) -> None:
        """Note the end of a step."""
        self.steps += 1
        if self.steps % self.steps_per_lap:
            return
        _synchronize(self.device)
        now = time.perf_counter()
        self.times.append((now - self.began) / self.steps_per_lap)
        self.began = now
        if len(self.times) >= 3 and sum(self.times[1:]) * self.steps_per_lap >= self.at_least:
            raise StopIteration


def _synchronize(device: str) -> None:
    """Wait for a GPU, whose kernels run after the calls that launch them have returned."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    elif device == "mps":
        torch.mps.synchronize()


def _with_settings(trial: Trial, overrides: Overrides) -> Trial:
    return trial.model_copy(update={"settings": with_overrides(trial.settings, overrides)})


def random_images(facts: DataFacts, count: int) -> Images:
    """Return random images of a data set's shape and classes, the same in every call."""
    generator = torch.Generator().manual_seed(0)
    shape = (count, *facts.shape)
    pixels = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    labels = torch.arange(count) % len(facts.classes)
    return Images(pixels, labels, pixels, labels, facts)
