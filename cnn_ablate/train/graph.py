"""The program `graph`: the whole training step of several networks as a CUDA graph.

A step of a small network consists of dozens of kernels of microseconds; launched one by one, they
take as long as the calls that launch them. A replayed graph is one call, and networks side by side
share its kernels.
"""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from cnn_ablate.data import Batch
from cnn_ablate.train.evaluate import Outputs
from cnn_ablate.train.program import EpochMetrics
from cnn_ablate.train.program_settings import program_text
from cnn_ablate.train.stack import Stack
from cnn_ablate.train.trainer import Trainer

# Steps before a capture, in which libraries choose kernels and allocate workspaces.
_WARM_UP = 3


class GraphProgram:
    """Trains up to `width` networks by replaying a step that was captured once per batch size."""

    def __init__(self, trainers: Sequence[Trainer]) -> None:
        self.stack = Stack(trainers, trainers[0].compute.width)
        self.steps: dict[int, Callable[[], None]] = {}
        self.dead_parameters = 0

    def run_epoch(self, on_step: Callable[[int], None]) -> dict[Trainer, EpochMetrics]:
        """Train each network on every batch of its next epoch once."""
        stack, sizes = self.stack, list[int]()
        stack.trainer.model.train()
        for size in stack.batches():
            if size not in self.steps:
                self.steps[size] = self._capture(size)
            self.steps[size]()
            sizes.append(size)
            on_step(size)
        metrics = {}
        for trainer, row in stack.rows.items():
            trainer.history.dead_parameters = self.dead_parameters
            metrics[trainer] = EpochMetrics(stack.tables.losses[row], stack.tables.hits[row], sizes)
        return metrics

    def predict(self, images: Iterable[Batch]) -> dict[Trainer, Outputs]:
        """Compute the logits of all networks for the same images."""
        with self.stack.trainer.autocast():
            return self.stack.predict(images)

    def _capture(self, size: int) -> Callable[[], None]:
        """Return a function that executes a step; all tensors are as before.

        Where there are no graphs, which is so in tests, it calls the operations one by one.
        """
        written = self.stack.written()
        before = [tensor.clone() for tensor in written]
        if self.stack.trainer.device.type != "cuda":
            unreached = self.stack.step(size)
            _restore(written, before)
            self._note_dead(unreached)
            return lambda: self._step(size)
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UP):
                self.stack.step(size)
                _restore(written, before)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            unreached = self.stack.step(size)
        self._note_dead(unreached)
        return graph.replay

    def _step(self, size: int) -> None:
        self.stack.step(size)

    def _note_dead(self, unreached: Sequence[str]) -> None:
        segments = (self.stack.segments[name] for name in unreached)
        self.dead_parameters = sum(segment.stop - segment.start for segment in segments)


def _restore(tensors: Sequence[Tensor], values: Sequence[Tensor]) -> None:
    for tensor, value in zip(tensors, values, strict=True):
        tensor.copy_(value)


# The last program of this process, and what it was made for: trials after it that differ in what
# a program takes as tensors are trained by the same one.
_last: dict[str, GraphProgram] = {}


def graph_program(trainers: Sequence[Trainer]) -> GraphProgram:
    """Return the program of some trainers; one that has trained others like them is used again."""
    trial, compute = trainers[0].trial, trainers[0].compute
    name = f"{program_text(trial)} {compute.model_dump_json()}"
    if name in _last:
        _last[name].stack.load(trainers)
    else:
        forget_programs()  # first, as both may not fit into the memory of the device
        _last[name] = GraphProgram(trainers)
    return _last[name]


def forget_programs() -> None:
    """Release the memory of the last program, or of one whose step has failed."""
    _last.clear()
