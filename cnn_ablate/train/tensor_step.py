"""The training step as a function of tensors: nothing in it is decided by Python per step.

So it can be recorded once, and executed without Python: as a compiled program or a CUDA graph.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from cnn_ablate.data import Batch
from cnn_ablate.optim import OptimizerStep, Weight
from cnn_ablate.train.step import Network, step
from cnn_ablate.train.trainer import Trainer

# The fields of StepTensors with a single tensor.
_SINGLE = (
    *("images", "targets", "rows", "keys", "rates"),
    *("earlier_steps", "position", "losses", "hits"),
)


@dataclass(frozen=True)
class StepTensors:
    """All that a step reads and writes, at the same addresses for the whole training.

    Attributes:
        weights: The parameters of the network, by name.
        buffers: Its buffers, by name.
        optimizer: The state of the optimizer per weight, by name.
        images: All images (bytes) if they are not augmented; else a block of augmented and
            normalised ones.
        targets: Their classes, or class probabilities.
        rows: The rows of `images` that are in each batch of the epoch; a smaller last batch is
            filled up with zeros.
        keys: The keys of their samples for dropout masks.
        rates: The learning rate of each step of the epoch.
        earlier_steps: The number of steps in earlier epochs.
        position: The number of the next step in the epoch.
        losses: The loss of each step of the epoch so far.
        hits: How many images of the epoch were classified correctly so far.
    """

    weights: dict[str, Tensor]
    buffers: dict[str, Tensor]
    optimizer: dict[str, dict[str, Tensor]]
    images: Tensor
    targets: Tensor
    rows: Int64[Tensor, "steps batch"]
    keys: Int64[Tensor, "steps batch"]
    rates: Float[Tensor, " steps"]
    earlier_steps: Int64[Tensor, ""]
    position: Int64[Tensor, ""]
    losses: Float[Tensor, " steps"]
    hits: Int64[Tensor, ""]

    def flat(self) -> list[Tensor]:
        """Return all tensors, always in the same order."""
        states = (part for state in self.optimizer.values() for part in state.values())
        single = (getattr(self, name) for name in _SINGLE)
        return [*self.weights.values(), *self.buffers.values(), *states, *single]

    def replaced(self, flat: Sequence[Tensor]) -> "StepTensors":
        """Return the same with other tensors, in the order of `flat`."""
        left = iter(flat)
        return StepTensors(
            {name: next(left) for name in self.weights},
            {name: next(left) for name in self.buffers},
            {name: {part: next(left) for part in state} for name, state in self.optimizer.items()},
            **{name: next(left) for name in _SINGLE},
        )


def step_tensors(trainer: Trainer) -> StepTensors:
    """Return the tensors of a trainer's steps; weights, buffers and images are its own."""
    loader, device = trainer.loader, trainer.device
    table = (loader.steps_per_epoch, loader.batch_size)
    zeros = partial(torch.zeros, device=device)
    count = partial(zeros, (), dtype=torch.int64)
    images, targets = loader.train.images, loader.train.labels
    if loader.options.augment:
        block = next(loader.blocks(0))
        images, targets = torch.zeros_like(block.images), torch.zeros_like(block.targets)
    return StepTensors(
        weights={name: weight.detach() for name, weight in trainer.model.named_parameters()},
        buffers=dict(trainer.model.named_buffers()),
        optimizer=_optimizer_state(trainer),
        images=images,
        targets=targets,
        rows=zeros(table, dtype=torch.int64),
        keys=zeros(table, dtype=torch.int64),
        rates=zeros(loader.steps_per_epoch),
        earlier_steps=count(),
        position=count(),
        losses=zeros(loader.steps_per_epoch),
        hits=count(),
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


def batches(trainer: Trainer, tensors: StepTensors, epoch: int) -> Iterator[int]:
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
            block = next(blocks)
            tensors.images[: len(block.images)] = block.images
            tensors.targets[: len(block.targets)] = block.targets
        yield min(size, left)
        left -= size


def _begin_epoch(trainer: Trainer, tensors: StepTensors, epoch: int) -> None:
    loader = trainer.loader
    order = loader.order(epoch)
    places = torch.arange(len(order), device=trainer.device) % loader.block_size
    rows = places if loader.options.augment else order % len(loader.train.images)
    tensors.rows.view(-1)[: len(order)] = rows
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
    t = tensors
    now = t.position.view(1)  # indexing by a tensor without dimensions would wait for a GPU
    rows, keys = (table.index_select(0, now)[0, :batch_size] for table in (t.rows, t.keys))
    images, targets = t.images.index_select(0, rows), t.targets.index_select(0, rows)
    if not trainer.loader.options.augment:
        images = trainer.loader.normalizer(images)
    leaves = {name: weight.detach().requires_grad_() for name, weight in t.weights.items()}
    network = Network(
        partial(trainer.logits, tensors=leaves | t.buffers),
        trainer.loss,
        [*leaves.values()],
        partial(_update, trainer, t, leaves),
        trainer.options.training.clip_norm or 0.0,
    )
    batch = Batch(images, targets, rows)
    output = step(network, batch, keys if trainer.has_dropout else None)
    t.losses.index_copy_(0, now, output.loss.view(1))
    t.hits.add_(output.hits)
    t.position.add_(1)
    return [name for name, leaf in leaves.items() if leaf.grad is None]


@torch.no_grad()
def _update(trainer: Trainer, tensors: StepTensors, leaves: dict[str, Tensor]) -> None:
    options = trainer.options.optimizer
    number = tensors.earlier_steps + tensors.position + 1
    rate = tensors.rates.index_select(0, tensors.position.view(1)).view(())
    now = OptimizerStep(rate, number)
    for name, leaf in leaves.items():
        if leaf.grad is not None:
            value, state = tensors.weights[name], tensors.optimizer[name]
            options.update(Weight(value, leaf.grad, state, options.decay_of(value)), now)
