"""Networks of one shape side by side, so that one step trains all of them.

The weights of all are one tensor with a row per network, so one update changes them all; so are
the parts of the optimizer's state. A network that joins has its own tensors replaced by views of
its row: evaluation and checkpoints see one network, as if it were trained alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import vmap
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from cnn_ablate.data import Batch
from cnn_ablate.models import set_dropout_keys
from cnn_ablate.models.fast_cpu_ops import plain_operations
from cnn_ablate.optim import OptimizerStep, Weight
from cnn_ablate.train.evaluate import Outputs
from cnn_ablate.train.step import Network
from cnn_ablate.train.tensor_step import StepTables, batches, gather_and_step, step_tables
from cnn_ablate.train.trainer import Trainer

# A weight begins at a multiple of so many bytes of its row: kernels load as much at once.
_ALIGNMENT = 16


class Segment(NamedTuple):
    """The place of a weight in a row: its first and last number, its shape, and its layout."""

    start: int
    stop: int
    shape: torch.Size
    channels_last: bool

    def view(self, rows: Float[Tensor, "networks numbers"]) -> Tensor:
        """Return the weight of all networks, with one dimension more than its shape."""
        part = rows[:, self.start : self.stop]
        if not self.channels_last:
            return part.view(-1, *self.shape)
        first, channels, *sides = self.shape
        return part.view(-1, first, *sides, channels).movedim(-1, 2)

    def flat(self, weights: Tensor) -> Float[Tensor, "networks numbers"]:
        """Return numbers in the order of `view`, given tensors of its shape."""
        return (weights.movedim(2, -1) if self.channels_last else weights).flatten(1)


class Stack:
    """Up to `width` networks that one step trains.

    Rows without a network have the weights of the first one, and are trained at a rate of zero:
    the width decides the last bits of results, so it stays.

    Attributes:
        trainer: One of the first networks; all others have its settings, but for the seed, the
            learning rates, and what acts between epochs.
        rows: The row of each trainer whose network is trained now.
        weights: A row per network.
        buffers: The buffers of the networks, by name.
        optimizer: The parts of the optimizer's state, each as the weights.
        tables: What the steps of an epoch read and record.
    """

    def __init__(self, trainers: Sequence[Trainer], width: int) -> None:
        self.trainer, self.width = trainers[0], width
        self.rows: dict[Trainer, int] = {}
        self.segments = dict(_segments(self.trainer.model))
        numbers = max(segment.stop for segment in self.segments.values())
        self.weights = torch.zeros((width, numbers), device=self.trainer.device)
        self.buffers = {
            name: buffer.new_zeros((width, *buffer.shape))
            for name, buffer in self.trainer.model.named_buffers()
        }
        initial = self.trainer.options.optimizer.initial_state()
        self.optimizer = {
            part: torch.full_like(self.weights, number) for part, number in initial.items()
        }
        self.tables = step_tables(self.trainer, (width,))
        self.decays = self._decays()
        # Between the weights of a row, which begin at multiples of some bytes.
        self.gap = self.weights.new_zeros((width, _ALIGNMENT))
        self.load(trainers)

    def load(self, trainers: Sequence[Trainer]) -> None:
        """Replace the networks by others, which are trained from where they are; in place."""
        self.rows = {trainer: row for row, trainer in enumerate(trainers)}
        self.tables.rates.zero_()
        for row in reversed(range(self.width)):
            trainer = trainers[row if row < len(trainers) else 0]
            self._load_row(row, trainer)

    def remove(self, trainer: Trainer) -> None:
        """Train a network no longer; the others do not notice."""
        self.tables.rates[self.rows.pop(trainer)] = 0

    def _load_row(self, row: int, trainer: Trainer) -> None:
        """Copy the state of a network to a row, and make its tensors views of it."""
        for name, weight in trainer.model.named_parameters():
            segment, state = self.segments[name], trainer.optimizer.state[weight]
            weight.data = segment.view(self.weights)[row].copy_(weight.data)
            for part, rows in self.optimizer.items():
                kept = segment.view(rows)[row]
                initial = self.trainer.options.optimizer.initial_state()[part]
                state[part] = kept.copy_(state[part]) if part in state else kept.fill_(initial)
        for name, buffer in trainer.model.named_buffers():
            buffer.data = self.buffers[name][row].copy_(buffer.data)

    def _decays(self) -> Tensor | float:
        """Return the weight decay of each number of a row; 0.0 if there is none."""
        options = self.trainer.options.optimizer
        if not options.weight_decay:
            return 0.0
        decays = self.weights.new_zeros(self.weights.shape[1])
        for name, weight in self.trainer.model.named_parameters():
            segment = self.segments[name]
            decays[segment.start : segment.stop] = options.decay_of(weight)
        return decays

    def written(self) -> list[Tensor]:
        """Return the tensors that a step changes."""
        tables = (self.tables.losses, self.tables.hits, self.tables.position)
        return [self.weights, *self.buffers.values(), *self.optimizer.values(), *tables]

    def batches(self) -> Iterator[int]:
        """Yield the size of each batch of an epoch, when all that its step reads is in place.

        Each network is trained on its next epoch, which need not be that of the others.
        """
        epochs = (
            batches(trainer, self._row_tables(row), len(trainer.history.epochs))
            for trainer, row in self.rows.items()
        )
        yield from (sizes[0] for sizes in zip(*epochs, strict=True))

    def _row_tables(self, row: int) -> StepTables:
        t, loader = self.tables, self.trainer.loader
        first_row = row * (len(t.images) // self.width) if loader.options.augment else 0
        own = {
            name: getattr(t, name)[row]
            for name in ("rows", "keys", "rates", "earlier_steps", "losses", "hits")
        }
        return replace(t, **own, first_row=first_row)

    def step(self, batch_size: int) -> list[str]:
        """Train on the batch at `tables.position`, in place, and advance to the next.

        Returns:
            The names of the weights that no gradient reached.
        """
        views = {name: segment.view(self.weights) for name, segment in self.segments.items()}
        leaves = {name: self._leaf(view) for name, view in views.items()}
        network = Network(
            partial(self._logits, leaves, self.buffers),
            vmap(self.trainer.loss) if self.width > 1 else self._loss_of_one,
            [*leaves.values()],
            partial(self._update, leaves),
        )
        gather_and_step(self.trainer, network, self.tables, batch_size)
        return [name for name, leaf in leaves.items() if leaf.grad is None]

    def _leaf(self, view: Tensor) -> Tensor:
        # Of one network without the dimension in front, which would cost kernels per weight.
        return (view if self.width > 1 else view[0]).detach().requires_grad_()

    def _loss_of_one(self, logits: Tensor, targets: Tensor) -> Tensor:
        loss: Tensor = self.trainer.loss(logits[0], targets[0])
        return loss[None]

    def _logits(
        self,
        weights: dict[str, Tensor],
        buffers: dict[str, Tensor],
        images: Tensor,
        keys: Tensor | None,
    ) -> Float[Tensor, "networks n classes"]:
        """Compute the logits of each network for its images."""
        if self.width == 1:
            own = weights | {name: buffer[0] for name, buffer in buffers.items()}
            own_keys = None if keys is None else keys[0]
            return self.trainer.logits(images[0], own_keys, own)[None]

        def logits(tensors: dict[str, Tensor], images: Tensor, keys: Tensor | None) -> Tensor:
            with _PlainLinear():
                return self.trainer.logits(images, keys, tensors)

        in_dims = (0, 0, None if keys is None else 0)
        with plain_operations():
            joint: Tensor = vmap(logits, in_dims)(weights | buffers, images, keys)
        set_dropout_keys(self.trainer.model, None)
        return joint

    @torch.no_grad()
    def _update(self, leaves: dict[str, Tensor]) -> None:
        """Change all weights of all networks by their gradients, as one tensor."""
        gradients = torch.cat([*self._gradients(leaves)], dim=1)
        if limit := self.trainer.options.training.clip_norm:
            norms = torch.linalg.vector_norm(gradients, dim=1, keepdim=True)
            gradients *= (limit / (norms + 1e-6)).clamp(max=1)
        now = self.tables.position.view(1)
        rate = self.tables.rates.index_select(1, now)
        weight = Weight(self.weights, gradients, self.optimizer, self.decays)
        earlier = self.tables.earlier_steps[:, None]
        step = OptimizerStep(rate, earlier, self.tables.position)
        self.trainer.options.optimizer.update(weight, step)

    def _gradients(self, leaves: dict[str, Tensor]) -> Iterator[Tensor]:
        """Yield the gradients in the order of a row, with zeros between them."""
        stop = 0
        for name, segment in self.segments.items():
            if segment.start > stop:
                yield self.gap[:, : segment.start - stop]
            gradient, stop = leaves[name].grad, segment.stop
            if gradient is not None:
                yield segment.flat(gradient if self.width > 1 else gradient[None])
                continue
            # What no gradient reaches does not decay either.
            yield self.weights.new_zeros((self.width, stop - segment.start))
            if isinstance(self.decays, Tensor):
                self.decays[segment.start : stop] = 0

    @torch.inference_mode()
    def predict(self, images: Iterable[Batch]) -> dict[Trainer, Outputs]:
        """Compute the logits of all networks for the same images."""
        self.trainer.model.eval()
        views = {name: segment.view(self.weights) for name, segment in self.segments.items()}
        logits, labels = [], []
        for batch in images:
            repeated = batch.images.expand(self.width, *batch.images.shape)
            tensors = views if self.width > 1 else {n: view[0] for n, view in views.items()}
            logits.append(self._logits(tensors, self.buffers, repeated, None))
            labels.append(batch.targets)
        joint, targets = torch.cat(logits, dim=1), torch.cat(labels)
        return {trainer: Outputs(joint[row], targets) for trainer, row in self.rows.items()}


class _PlainLinear(TorchFunctionMode):
    """Calls linear layers as a product and a sum: vmap would scale both by 1, in kernels of own."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is not functional.linear:
            return func(*args, **(kwargs or {}))
        x, weight, bias = args
        product = x @ weight.t()
        return product if bias is None else product + bias.to(product.dtype)


def _segments(model: nn.Module) -> Iterator[tuple[str, Segment]]:
    start = 0
    for name, weight in model.named_parameters():
        stop = start + weight.numel()
        yield name, Segment(start, stop, weight.shape, not weight.is_contiguous())
        numbers = _ALIGNMENT // weight.element_size()
        start = -(-stop // numbers) * numbers
