"""Check a program on its machine: its first steps against eager ones."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from math import hypot, isfinite

import torch

from cnn_ablate.train.program import EagerProgram
from cnn_ablate.train.trainer import Trainer

# Trains a network for an epoch; the argument is called after each step.
RunEpoch = Callable[[Callable[[int], None]], object]

# Steps in which a new program is compared with eager ones, and how far its weights may be from
# theirs, as a share of how far both have moved: rounding errors are far smaller in float32.
_CHECKED_STEPS = 4
_TOLERANCES = {"float32": 0.01, "tf32": 0.01, "bfloat16": 0.1}


def check(trainer: Trainer, build: Callable[[Trainer], RunEpoch]) -> None:
    """Compare the first steps of a new program with eager ones.

    Args:
        trainer: Of a trial; it stays as it is.
        build: Returns the epoch of the program of another trainer of the trial.

    Raises:
        ValueError: the weights after them differ by more than rounding errors.
    """
    fresh, eager, new = (Trainer(trainer.trial, trainer.images, trainer.compute) for _ in range(3))
    for run_epoch in (partial(EagerProgram(eager).run_epoch, 0), build(new)):
        _run_first_steps(run_epoch)
    moved, error = _distance(eager, fresh), _distance(eager, new)
    # A training that diverges at once leaves nothing to compare.
    if isfinite(moved) and not error <= _TOLERANCES[trainer.options.training.precision] * moved:
        raise ValueError(f"its first steps differ from eager ones by {error / moved:.0%}.")


def _run_first_steps(run_epoch: RunEpoch) -> None:
    steps = 0

    def stop(_: int) -> None:
        nonlocal steps
        steps += 1
        if steps == _CHECKED_STEPS:
            raise StopIteration

    with suppress(StopIteration):
        run_epoch(stop)


@torch.no_grad()
def _distance(one: Trainer, other: Trainer) -> float:
    """Return the Euclidean distance of the weights of two networks."""
    pairs = zip(one.parameters, other.parameters, strict=True)
    return hypot(*(float((a.double() - b.double()).norm()) for a, b in pairs))
