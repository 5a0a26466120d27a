"""The learning rate's whole way through a training, followed without training."""

import json
from collections.abc import Iterator
from functools import cache

import torch
from torch import nn

from cnn_ablate.audit.subject import Case
from cnn_ablate.schema import canonical
from cnn_ablate.settings import options_of

# Steps that stand for an epoch: enough to tell two ways apart.
_STEPS = 8
_MOST_STEPS = 20_000

Numbers = tuple[tuple[str, float | tuple[float, float]], ...]
"""What a schedule may move: the rate, and momentum or Adam's betas."""


def course(case: Case) -> tuple[Numbers, ...]:
    """Follow what a schedule moves, step by step, under a loss that never falls."""
    chosen = canonical([case.settings["optimizer"], case.settings["schedule"]])
    return _course(chosen, case.settings["training"]["epochs"])


def moves(case: Case) -> bool:
    """Tell whether the schedule ever changes anything."""
    return len(set(course(case))) > 1


def peak(case: Case) -> Numbers:
    """Give the numbers where the rate is highest."""
    return max(course(case), key=lambda numbers: dict(numbers)["lr"])


@cache
def _course(chosen: str, epochs: int) -> tuple[Numbers, ...]:
    optimizing, scheduling = json.loads(chosen)
    optimizer = options_of("optimizer", optimizing).build(nn.Linear(1, 1))
    steps = max(1, min(_STEPS, _MOST_STEPS // epochs))
    schedule = options_of("schedule", scheduling).build(
        optimizer, epochs=epochs, steps_per_epoch=steps
    )
    # Torch warns of a schedule that moves before the first step of its optimizer.
    optimizer.step()

    def followed() -> Iterator[Numbers]:
        for _ in range(epochs):
            for _ in range(steps):
                yield _numbers(optimizer)
                schedule.after_step()
            schedule.after_epoch(1.0)

    return tuple(followed())


def _numbers(optimizer: torch.optim.Optimizer) -> Numbers:
    group = optimizer.param_groups[0]
    return tuple((name, group[name]) for name in ("lr", "momentum", "betas") if name in group)
