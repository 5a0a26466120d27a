"""The gradients of one step: of one network by autograd, or of several as one program.

Never steps: each network's own optimizer does that with what it finds in `grad`.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import NamedTuple

import torch
from torch import Tensor

from cnn_ablate.data import Batch
from cnn_ablate.models import dead_parameters
from cnn_ablate.train.micro import parts_of
from cnn_ablate.train.trainer import Trainer


class StepInput(NamedTuple):
    """One network's share of a step: the epoch it is in, and its batch."""

    bench: Trainer
    epoch: int
    batch: Batch


class StepOutput(NamedTuple):
    """What a network said of its batch; on the device, so that nothing waits for it."""

    loss: Tensor
    logits: Tensor


# Leaves each network's gradients in its parameters, and gives what each of them said.
Gradients = Callable[[Sequence[StepInput]], list[StepOutput]]


def alone(lessons: Sequence[StepInput]) -> list[StepOutput]:
    """Find the gradients of one network after the other, by autograd."""
    return [_alone(lesson) for lesson in lessons]


def _alone(lesson: StepInput) -> StepOutput:
    bench, epoch, batch = lesson
    for parameter in bench.parameters:
        parameter.grad = None
    told = [
        _added(StepInput(bench, epoch, part), share)
        for part, share in parts_of(batch, bench.compute.micro_batch)
    ]
    if bench.log.dead is None:
        bench.log.dead = sum(dead_parameters(bench.model).values())
    if len(told) == 1:
        return told[0]
    losses, logits = zip(*told, strict=True)
    return StepOutput(torch.stack(losses).sum(), torch.cat(logits))


def _added(lesson: StepInput, share: float) -> StepOutput:
    """Add the gradients of a batch that is this share of the whole."""
    bench, epoch, batch = lesson
    logits = bench.logits(bench.ready(epoch, batch))
    loss = bench.loss(logits, batch.targets)
    if share < 1:
        loss = loss * share
    loss.backward()
    return StepOutput(loss.detach(), logits.detach())


def step(lesson: StepInput) -> StepOutput:
    """Learn from one batch, alone."""
    told = _alone(lesson)
    lesson.bench.update(lesson.epoch)
    return told


def find_unreached(lesson: StepInput) -> None:
    """Find what no gradient reaches, once a process, where no step can tell."""
    bench, epoch, batch = lesson
    if bench.unreached is None:
        images = bench.ready(epoch, batch)
        twin = deepcopy(bench.model).train()
        with torch.random.fork_rng(devices=[]):
            with bench.autocast():
                logits = twin(images)
            bench.loss(logits.float(), batch.targets).backward()
        bench.log.dead = sum(dead_parameters(twin).values())
        bench.unreached = frozenset(n for n, w in twin.named_parameters() if w.grad is None)
