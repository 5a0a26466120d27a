"""Trace the learning rate, and what else a schedule sets, through a training without training."""

import json
from collections.abc import Iterator
from functools import cache

import torch
from torch import nn

from cnn_ablate.audit.subject import Case
from cnn_ablate.schema import canonical
from cnn_ablate.settings import options_of

# Steps per epoch that are traced: enough to distinguish two schedules.
_STEPS = 8
_MOST_STEPS = 20_000

StepValues = tuple[tuple[str, float | tuple[float, float]], ...]
"""What a schedule may set, at one step: the learning rate, and momentum or Adam's betas."""


def trace(case: Case) -> tuple[StepValues, ...]:
    """Return what the schedule sets at each step, for a loss that never falls."""
    chosen = canonical([case.settings["optimizer"], case.settings["schedule"]])
    return _trace(chosen, case.settings["training"]["epochs"])


def changes_anything(case: Case) -> bool:
    """Return whether the schedule ever changes a value."""
    return len(set(trace(case))) > 1


def peak_values(case: Case) -> StepValues:
    """Return the values at the step with the highest learning rate."""
    return max(trace(case), key=lambda values: dict(values)["lr"])


@cache
def _trace(chosen: str, epochs: int) -> tuple[StepValues, ...]:
    optimizer_settings, schedule_settings = json.loads(chosen)
    optimizer = options_of("optimizer", optimizer_settings).build(nn.Linear(1, 1))
    steps = max(1, min(_STEPS, _MOST_STEPS // epochs))
    schedule = options_of("schedule", schedule_settings).build(
        optimizer, epochs=epochs, steps_per_epoch=steps
    )
    # PyTorch warns about a scheduler that steps before its optimizer.
    optimizer.step()

    def values() -> Iterator[StepValues]:
        for _ in range(epochs):
            for _ in range(steps):
                yield _step_values(optimizer)
                schedule.after_step()
            schedule.after_epoch(1.0)

    return tuple(values())


def _step_values(optimizer: torch.optim.Optimizer) -> StepValues:
    group = optimizer.param_groups[0]
    return tuple((name, group[name]) for name in ("lr", "momentum", "betas") if name in group)
