"""Networks of one shape trained as one program; each gets the gradients that it gets alone."""

import logging
import os
from collections.abc import Sequence
from copy import deepcopy
from itertools import repeat
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from cnn_ablate.data.paths import tensors
from cnn_ablate.models import Dropout
from cnn_ablate.schema import ComputeConfig
from cnn_ablate.train.step import StepInput, StepOutput, alone, find_unreached
from cnn_ablate.train.trainer import Trainer

State = dict[str, Tensor]
T = TypeVar("T")


class Stack:
    """Networks whose weights lie side by side in slots, or one network as it is.

    The gradient is taken of a function of weights, statistics and images, so that forward and
    backward pass can be compiled as a whole. A network's parameters become views of its slot.
    Slots without a network compute what nobody reads, so that the width stays, and with it the
    bits of each network, whoever its neighbours are.
    """

    def __init__(self, benches: Sequence[Trainer], compute: ComputeConfig) -> None:
        self.width = compute.stack
        self.slots = {id(bench): slot for slot, bench in enumerate(benches)}
        self.first = benches[0]
        # Never evaluated, so that it stays in training mode when networks leave the stack.
        self.template = deepcopy(self.first.model).train()
        self.dropouts = _dropouts(self.template)
        # Asked of a network, they take a tenth of a step of `lenet`.
        self.parameters: dict[int, State] = {
            id(bench): dict(bench.model.named_parameters()) for bench in benches
        }
        self.losses = [bench.loss for bench in _padded(benches, self.width)]
        models = [bench.model for bench in benches]
        self.weights = self._laid_out(list(self.parameters.values()))
        self.buffers = self._laid_out([dict(model.named_buffers()) for model in models])
        self.buffers |= self._rates(models)
        self.is_graph = compute.compiled and compute.device.startswith("cuda")
        if self.is_graph:
            self._fix_places()
        self.gradients = _compiled(grad(self._loss, has_aux=True), compute)

    def __call__(self, lessons: Sequence[StepInput]) -> list[StepOutput]:
        """Leave each network's gradients in its parameters, and give what each of them said."""
        sizes = {len(lesson.batch.samples) for lesson in lessons}
        if sizes != {self.first.parts.training.batch_size}:
            # The last batch of an epoch; its size would be another program to compile.
            return alone(lessons)
        for lesson in lessons:
            find_unreached(lesson)
        taken = {self.slots[id(lesson.bench)]: lesson for lesson in lessons}
        filled = [taken.get(slot, lessons[0]) for slot in range(self.width)]
        if self.is_graph:
            # What the last step gave has been used, and may be written over.
            torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
        found, told = self.gradients(
            self.weights,
            self.buffers | self._keys(filled),
            self._joined([lesson.bench.laid_out(lesson.batch) for lesson in filled]),
            [lesson.batch.targets for lesson in filled],
        )
        for slot, lesson in taken.items():
            self._hand_out(found, slot, lesson.bench)
        return [told[self.slots[id(lesson.bench)]] for lesson in lessons]

    def _loss(
        self, weights: State, buffers: State, images: Tensor, targets: Sequence[Tensor]
    ) -> tuple[Tensor, list[StepOutput]]:
        """Add up the losses of all slots: the gradient of the sum holds the gradient of each."""
        run = vmap(self._logits) if self.width > 1 else self._logits
        logits = run(weights, buffers, images)
        apart = logits.unbind(0) if self.width > 1 else (logits,)
        losses = [
            loss(said, true) for loss, said, true in zip(self.losses, apart, targets, strict=True)
        ]
        told = [
            StepOutput(loss.detach(), said.detach())
            for loss, said in zip(losses, apart, strict=True)
        ]
        return torch.stack(losses).sum(), told

    def _logits(self, weights: State, buffers: State, images: Tensor) -> Tensor:
        with self.first.autocast():
            logits: Tensor = functional_call(self.template, (weights, buffers), (images,))
        return logits.float()

    def _laid_out(self, states: Sequence[State]) -> State:
        """Lay tensors side by side, and make those of each network views of its slot."""
        if self.width == 1:
            return {name: tensor.detach() for name, tensor in states[0].items()}
        filled = _padded(states, self.width)
        joined = {
            name: torch.stack([state[name].detach() for state in filled]) for name in states[0]
        }
        for slot, state in enumerate(states):
            for name, tensor in state.items():
                tensor.data = joined[name][slot]
        return joined

    def _fix_places(self) -> None:
        """Promise that weights and statistics stay where they are.

        A CUDA graph then reads and writes them in place: it would copy the first for each step,
        and the second would be no part of any graph.
        """
        for tensor in (*self.weights.values(), *self.buffers.values()):
            torch._dynamo.mark_static_address(tensor)  # noqa: SLF001 - it has no public name

    def _joined(self, tensors: Sequence[Tensor]) -> Tensor:
        return torch.stack(list(tensors)) if self.width > 1 else tensors[0]

    def _keys(self, filled: Sequence[StepInput]) -> State:
        """Give the dropout keys of this step, the same to each dropout of a network."""
        if not self.dropouts:
            return {}
        keys = self._joined([bench.dropout_keys(epoch, batch) for bench, epoch, batch in filled])
        return {f"{name}.keys": keys for name in self.dropouts}

    def _rates(self, models: Sequence[nn.Module]) -> State:
        """Give the drop rates as tensors: networks of a stack may differ in them."""
        if self.width == 1:
            return {}
        rates = {
            name: [float(model.get_submodule(name).rate) for model in models]  # type: ignore[arg-type]
            for name in self.dropouts
        }
        return {
            f"{name}.own_rate": torch.tensor(
                _padded(own, self.width), dtype=torch.float64, device=self.first.device
            )
            for name, own in rates.items()
        }

    def _hand_out(self, found: State, slot: int, bench: Trainer) -> None:
        for name, weight in self.parameters[id(bench)].items():
            if name in (bench.unreached or ()):
                continue  # alone it would get none, which is not zero to a weight decay
            gradient = found[name][slot] if self.width > 1 else found[name]
            if gradient.stride() != weight.stride():
                gradient = torch.empty_like(weight).copy_(gradient)
            weight.grad = gradient


def _dropouts(model: nn.Module) -> list[str]:
    return [name for name, part in model.named_modules() if isinstance(part, Dropout)]


def _padded(some: Sequence[T], width: int) -> list[T]:
    """Repeat the first until there are enough."""
    return [*some, *repeat(some[0], width - len(some))]


def _compiled(function: Any, compute: ComputeConfig) -> Any:
    if not compute.compiled:
        return function
    # What one process has compiled the others take from there.
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(tensors() / "compiled"))
    # Captured as one CUDA graph, so that no launch waits for Python.
    if compute.device.startswith("cuda"):
        return torch.compile(function, dynamic=False, mode="reduce-overhead")
    # A toolkit without a GPU is worth no word where none is asked for.
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    # Inductor would lay maps channels last: half as fast for a stack's grouped convolutions.
    options: Any = {"layout_optimization": False} if compute.stack > 1 else None
    return torch.compile(function, dynamic=False, options=options)
