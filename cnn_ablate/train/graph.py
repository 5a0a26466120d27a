"""The program `graph`: the whole training step as a CUDA graph, replayed once per batch.

A step of a small network consists of dozens of kernels of microseconds; launched one by one, they
take as long as the calls that launch them. A replayed graph is one call.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from cnn_ablate.models import set_dropout_keys
from cnn_ablate.train.program import EpochMetrics
from cnn_ablate.train.tensor_step import StepTensors, batches, step_tensors, tensor_step
from cnn_ablate.train.trainer import Trainer

# Steps before a capture, in which libraries choose kernels and allocate workspaces.
_WARM_UP = 3


class GraphProgram:
    """Replays a step that was captured at the first batch of its size."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.tensors = step_tensors(trainer)
        self.graphs: dict[int, torch.cuda.CUDAGraph] = {}

    def run_epoch(self, epoch: int, on_step: Callable[[int], None]) -> EpochMetrics:
        """Train on every batch of an epoch once."""
        trainer, sizes = self.trainer, list[int]()
        trainer.model.train()
        for size in batches(trainer, self.tensors, epoch):
            if size not in self.graphs:
                self.graphs[size] = self._capture(size)
            self.graphs[size].replay()
            sizes.append(size)
            on_step(size)
        set_dropout_keys(trainer.model, None)
        return EpochMetrics(self.tensors.losses, self.tensors.hits, sizes)

    def _capture(self, size: int) -> torch.cuda.CUDAGraph:
        """Capture a step; the tensors are as before, since a capture executes nothing."""
        written = written_tensors(self.tensors)
        before = [tensor.clone() for tensor in written]
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UP):
                self.tensors.position.copy_(before[-1])
                tensor_step(self.trainer, self.tensors, size)
        torch.cuda.current_stream().wait_stream(stream)
        for tensor, value in zip(written, before, strict=True):
            tensor.copy_(value)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            unreached = tensor_step(self.trainer, self.tensors, size)
        dead = sum(self.tensors.weights[name].numel() for name in unreached)
        self.trainer.history.dead_parameters = dead
        return graph


def written_tensors(tensors: StepTensors) -> list[Tensor]:
    """Return the tensors that a step changes; the last is the position."""
    states = (part for state in tensors.optimizer.values() for part in state.values())
    counts = (tensors.losses, tensors.hits, tensors.position)
    return [*tensors.weights.values(), *tensors.buffers.values(), *states, *counts]
