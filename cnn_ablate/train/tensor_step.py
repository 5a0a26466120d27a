"""The training step as a function of tensors: nothing in it is decided by Python per step.

So it can be recorded once, and executed without Python: as a compiled program or a CUDA graph.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from math import prod
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from cnn_ablate.data import Batch
from cnn_ablate.optim import OptimizerStep, Weight
from cnn_ablate.train.step import Network, step
from cnn_ablate.train.trainer import Trainer


@dataclass(frozen=True, kw_only=True)
class StepTables:
    """What the steps of an epoch read, and what they record, in tensors of fixed addresses.

    Several networks side by side have one dimension more, in front, of all but `images`, `targets`
    and `position`.

    Attributes:
        images: All images in 0..255 if they are not augmented; else a block of augmented ones.
        targets: Their classes, or class probabilities.
        rows: The rows of `images` that are in each batch of the epoch; a smaller last batch is
            filled up with zeros.
        keys: The keys of their samples for dropout masks.
        rates: The learning rate of each step of the epoch.
        earlier_steps: The number of steps in earlier epochs.
        position: The number of the next step in the epoch.
        losses: The loss of each step of the epoch so far.
        hits: How many images of the epoch were classified correctly so far.
        first_row: The row of `images` at which the augmented ones of this network begin.
    """

    images: Tensor
    targets: Tensor
    rows: Int64[Tensor, "*networks steps batch"]
    keys: Int64[Tensor, "*networks steps batch"]
    rates: Float[Tensor, "*networks steps"]
    earlier_steps: Int64[Tensor, "*networks"]
    position: Int64[Tensor, ""]
    losses: Float[Tensor, "*networks steps"]
    hits: Int64[Tensor, "*networks"]
    first_row: int = 0

    def tables(self) -> dict[str, Any]:
        """Return the tensors above by name."""
        return {name: getattr(self, name) for name in _TABLES}


_TABLES = tuple(field.name for field in fields(StepTables) if field.name != "first_row")


def step_tables(trainer: Trainer, networks: tuple[int, ...] = ()) -> StepTables:
    """Return tables for the epochs of a trainer, or of so many like it; images are its own."""
    loader, device = trainer.loader, trainer.device
    steps = loader.steps_per_epoch
    zeros = partial(torch.zeros, device=device)
    integers = partial(zeros, dtype=torch.int64)
    images, targets = loader.train.images, loader.train.labels
    if loader.options.augment:
        block = next(loader.blocks(0))
        images, targets = (
            part.new_zeros((prod(networks) * len(part), *part.shape[1:]))
            for part in (block.pixels, block.targets)
        )
    return StepTables(
        images=images,
        targets=targets,
        rows=integers((*networks, steps, loader.batch_size)),
        keys=integers((*networks, steps, loader.batch_size)),
        rates=zeros((*networks, steps)),
        earlier_steps=integers(networks),
        position=integers(()),
        losses=zeros((*networks, steps)),
        hits=integers(networks),
    )


@dataclass(frozen=True, kw_only=True)
class StepTensors(StepTables):
    """All that the step of one network reads and writes.

    Attributes:
        weights: The parameters of the network, by name.
        buffers: Its buffers, by name.
        optimizer: The state of the optimizer per weight, by name.
    """

    weights: dict[str, Tensor]
    buffers: dict[str, Tensor]
    optimizer: dict[str, dict[str, Tensor]]

    def flat(self) -> list[Tensor]:
        """Return all tensors, always in the same order."""
        states = (part for state in self.optimizer.values() for part in state.values())
        return [
            *(*self.weights.values(), *self.buffers.values(), *states),
            *self.tables().values(),
        ]

    def replaced(self, flat: Sequence[Tensor]) -> "StepTensors":
        """Return the same with other tensors, in the order of `flat`."""
        left = iter(flat)
        parts: dict[str, Any] = {
            "weights": {name: next(left) for name in self.weights},
            "buffers": {name: next(left) for name in self.buffers},
            "optimizer": {
                name: {part: next(left) for part in state} for name, state in self.optimizer.items()
            },
        }
        return StepTensors(**parts | dict(zip(_TABLES, left, strict=True)))


def step_tensors(trainer: Trainer) -> StepTensors:
    """Return the tensors of a trainer's steps; weights, buffers and images are its own."""
    return StepTensors(
        weights={name: weight.detach() for name, weight in trainer.model.named_parameters()},
        buffers=dict(trainer.model.named_buffers()),
        optimizer=_optimizer_state(trainer),
        **step_tables(trainer).tables(),
    )


def _optimizer_state(trainer: Trainer) -> dict[str, dict[str, Tensor]]:
    """Return the optimizer's state per weight, which checkpoints then hold as torch's own."""
    states = {}
    initial = trainer.options.optimizer.initial_state()
    for name, weight in trainer.model.named_parameters():
        kept = trainer.optimizer.state[weight]
        for part, number in initial.items():
            # With the strides of the weight, also where a checkpoint has others.
            if part not in kept or kept[part].stride() != weight.stride():
                value = torch.full_like(weight, number, requires_grad=False)
                kept[part] = value.copy_(kept[part]) if part in kept else value
        states[name] = {part: kept[part] for part in initial}
    return states


def batches(trainer: Trainer, tensors: StepTables, epoch: int) -> Iterator[int]:
    """Yield the size of each batch of an epoch, when all that its step reads is in place.

    Args:
        trainer: Whose data and random numbers are used.
        tensors: Its tensors: the caller runs one step on them per batch.
        epoch: Counted from 0.
    """
    size, left = trainer.loader.batch_size, trainer.loader.train_size
    _begin_epoch(trainer, tensors, epoch)
    blocks = trainer.loader.blocks(epoch) if trainer.loader.options.augment else None
    steps_per_block = trainer.loader.block_size // size
    for number in range(trainer.loader.steps_per_epoch):
        if blocks and number % steps_per_block == 0:
            pixels, targets, _ = next(blocks)
            rows = slice(tensors.first_row, tensors.first_row + len(pixels))
            tensors.images[rows], tensors.targets[rows] = pixels, targets
        yield min(size, left)
        left -= size


def _begin_epoch(trainer: Trainer, tensors: StepTables, epoch: int) -> None:
    loader = trainer.loader
    order = loader.order(epoch)
    places = torch.arange(len(order), device=trainer.device) % loader.block_size
    rows = places if loader.options.augment else order % len(loader.train.images)
    tensors.rows.view(-1)[: len(order)] = rows + tensors.first_row
    keys = trainer.dropout_keys(epoch, order)
    if keys is not None:
        tensors.keys.view(-1)[: len(order)] = keys
    tensors.rates.copy_(torch.tensor(list(_rates(trainer))))
    tensors.earlier_steps.fill_(epoch * loader.steps_per_epoch)
    for tensor in (tensors.position, tensors.losses, tensors.hits):
        tensor.zero_()


def _rates(trainer: Trainer) -> Iterator[float]:
    """Yield the learning rate of each step of an epoch, and move the scheduler past it."""
    # A step without gradients changes nothing; torch warns of schedulers that come before any.
    trainer.optimizer.step()
    for _ in range(trainer.loader.steps_per_epoch):
        yield trainer.optimizer.param_groups[0]["lr"]
        trainer.scheduler.after_step()


def tensor_step(trainer: Trainer, tensors: StepTensors, batch_size: int) -> list[str]:
    """Train on the batch at `tensors.position`, in place, and advance to the next.

    Returns:
        The names of the weights that no gradient reached.
    """
    leaves = {name: weight.detach().requires_grad_() for name, weight in tensors.weights.items()}
    network = Network(
        partial(trainer.logits, tensors=leaves | tensors.buffers),
        trainer.loss,
        [*leaves.values()],
        partial(_update, trainer, tensors, leaves),
        trainer.options.training.clip_norm or 0.0,
    )
    gather_and_step(trainer, network, tensors, batch_size)
    return [name for name, leaf in leaves.items() if leaf.grad is None]


def gather_and_step(
    trainer: Trainer, network: Network, tensors: StepTables, batch_size: int
) -> None:
    """Train on the batch at `tensors.position`, of one network or of several side by side."""
    t = tensors
    now = t.position.view(1)  # indexing by a tensor without dimensions would wait for a GPU
    rows = t.rows.index_select(-2, now).squeeze(-2)[..., :batch_size]
    keys = None
    if trainer.has_dropout:
        keys = t.keys.index_select(-2, now).squeeze(-2)[..., :batch_size]
    pixels, targets = (x.index_select(0, rows.flatten()) for x in (t.images, t.targets))
    images, targets = (
        x.view(*rows.shape, *x.shape[1:]) for x in (trainer.loader.normalizer(pixels), targets)
    )
    batch = Batch(images, targets, rows)
    output = step(network, batch, keys)
    t.losses.index_copy_(-1, now, output.loss.unsqueeze(-1))
    t.hits.add_(output.hits)
    t.position.add_(1)


@torch.no_grad()
def _update(trainer: Trainer, tensors: StepTensors, leaves: dict[str, Tensor]) -> None:
    options = trainer.options.optimizer
    rate = tensors.rates.index_select(0, tensors.position.view(1)).view(())
    now = OptimizerStep(rate, tensors.earlier_steps, tensors.position)
    for name, leaf in leaves.items():
        if leaf.grad is not None:
            value, state = tensors.weights[name], tensors.optimizer[name]
            options.update(Weight(value, leaf.grad, state, options.decay_of(value)), now)
