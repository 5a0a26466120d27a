"""Time a few steps of a trial on made-up images."""

import time
from itertools import pairwise

import torch

from cnn_ablate.data import Images
from cnn_ablate.schema import DataFacts, Recipe, Trial
from cnn_ablate.train.bench import Bench
from cnn_ablate.train.gradients import Lesson, step

_STEPS = 2
# Larger batches cost much the same an image, and a calibration should be short.
_MOST_IMAGES = 32


def seconds_per_epoch(trial: Trial, facts: DataFacts, recipe: Recipe) -> float:
    """Estimate how long an epoch and its evaluation take, from a few batches of noise.

    Evaluation is taken to cost a third of training an equal number of images.
    """
    torch.set_num_threads(recipe.threads)
    size = min(trial.settings["training"]["batch_size"], _MOST_IMAGES)
    training = {**trial.settings["training"], "batch_size": size}
    trial = trial.model_copy(update={"settings": {**trial.settings, "training": training}})
    bench = Bench(trial, noise(facts, size * (_STEPS + 1)), recipe)
    bench.model.train()
    times = [time.perf_counter()]
    for batch in bench.loader.epoch(0):
        step(Lesson(bench, 0, batch))
        times.append(time.perf_counter())
    # The first step also warms up.
    fastest = min(later - earlier for earlier, later in pairwise(times[1:]))
    train: int = trial.settings["data"]["subset"] or facts.train
    test: int = trial.settings["data"]["test_subset"] or facts.test
    return float(fastest / size * (train + test / 3))


def noise(facts: DataFacts, count: int) -> Images:
    """Make up images of the right shape, always the same, of every class in turn."""
    generator = torch.Generator().manual_seed(0)
    shape = (count, *facts.shape)
    pixels = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    labels = torch.arange(count) % len(facts.classes)
    return Images(pixels, labels, pixels, labels, facts)
