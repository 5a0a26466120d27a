"""Compare the time of a training step with that of its convolutions and matrix products alone.

Each layer is timed on its own, forward and backward, in the faster of two memory layouts. The sum
of these times is the limit that the whole step, timed beside it, is compared with.
"""

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product

import torch
from torch import Tensor, nn
from torch.func import functional_call
from workloads import SIDE, WORKLOADS, Workload

from cnn_ablate import fork_server
from cnn_ablate.plan import plan
from cnn_ablate.runner.config import COMPUTE
from cnn_ablate.schema import ComputeConfig, DataFacts, Study, Trial
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.train import seconds_per_step
from cnn_ablate.train.loop import configure_torch

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
LAYOUTS = (torch.contiguous_format, torch.channels_last)


def compute_on(name: str, device: str) -> ComputeConfig:
    """Return the compute settings of this name, on a device."""
    return COMPUTE[name].model_copy(update={"device": device})


def trial(workload: Workload, precision: str) -> Trial:
    """Return one trial of a workload, whose images are synthetic."""
    settings = workload.settings(workload.published(1), precision)
    study = Study(name="limit", written=settings, baseline=resolve(settings), seeds=(0,))
    return plan(study, resolve).trials[0]


def facts(workload: Workload) -> DataFacts:
    """Return the facts of a data set with images of the workload's size."""
    height, width, channels = SIDE[workload.images]
    classes = tuple(map(str, range(10)))
    shape = (channels, height, width)
    return DataFacts(
        name="made", fingerprint="", classes=classes, shape=shape, train=50_000, test=10_000
    )


def layers(model: nn.Module, images: Tensor) -> list[tuple[nn.Module, Tensor]]:
    """Return each convolution and dense layer with its input."""
    inputs: list[tuple[nn.Module, Tensor]] = []
    hooks = [
        layer.register_forward_hook(lambda self, x, _: inputs.append((self, x[0].detach())))
        for layer in model.modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]
    model(images)
    for hook in hooks:
        hook.remove()
    return inputs


def limit(workload: Workload, precision: str, seconds: float, device: str) -> float:
    """Return the sum over layers of their shortest time in seconds, forward and backward."""
    one = trial(workload, precision)
    configure_torch(compute_on("reference", device), one)
    options = build_options(one.settings)
    shape = facts(workload).shape
    model = options.model.build_initialised(shape, 10, seed=0, scheme="default").eval().to(device)
    inputs = layers(model, torch.randn(workload.batch_size, *shape, device=device))
    return sum(
        layer_seconds(layer, x, PRECISIONS[precision], seconds, input_grad=index > 0)
        for index, (layer, x) in enumerate(inputs)
    )


def layer_seconds(
    layer: nn.Module, x: Tensor, dtype: torch.dtype, seconds: float, *, input_grad: bool
) -> float:
    """Time a layer forward and backward in its faster layout; the first needs no input gradient."""
    times = []
    for layout in LAYOUTS if x.ndim == 4 else LAYOUTS[:1]:
        weights = {
            name: to_layout(weight.detach().to(dtype), layout).requires_grad_()
            for name, weight in layer.named_parameters()
        }
        layer_input = to_layout(x.to(dtype), layout).requires_grad_(input_grad)
        forward = partial(functional_call, layer, weights, (layer_input,))
        inputs = [*weights.values(), *([layer_input] if input_grad else [])]
        grad_outputs = torch.ones_like(forward())
        measure = shortest_graph_time if x.is_cuda else shortest_time
        times.append(measure(partial(forward_backward, forward, inputs, grad_outputs), seconds))
    return min(times)


def to_layout(tensor: Tensor, layout: torch.memory_format) -> Tensor:
    """Return a copy of a tensor, in this memory layout if it has four dimensions."""
    return tensor.clone(memory_format=layout) if tensor.ndim == 4 else tensor.clone()


def forward_backward(
    forward: Callable[[], Tensor], inputs: list[Tensor], grad_outputs: Tensor
) -> None:
    """Run a layer and compute its gradients."""
    torch.autograd.grad(forward(), inputs, grad_outputs)


def shortest_time(call: Callable[[], object], seconds: float) -> float:
    """Return the shortest time of a call, repeated for this many seconds."""
    call()
    times: list[float] = []
    while sum(times) < seconds or len(times) < 3:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def shortest_graph_time(call: Callable[[], object], seconds: float) -> float:
    """Return the shortest time of a call on a GPU as a CUDA graph, without the kernel launches."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):  # warm-up: chooses kernels and allocates before the capture
        for _ in range(3):
            call()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(20):  # a small layer takes less time than the launch of a graph
            call()

    def replay() -> None:
        graph.replay()
        torch.cuda.synchronize()

    return shortest_time(replay, seconds) / 20


def main() -> None:
    """Print one row per workload, precision and compute settings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workload", choices=WORKLOADS, action="append")
    parser.add_argument("--precision", choices=PRECISIONS, action="append")
    parser.add_argument("--compute", choices=COMPUTE, action="append")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--seconds", type=float, default=0.5, help="seconds per layer and per step")
    args = parser.parse_args()
    print(f"{'workload':14} {'precision':9} {'compute':10} {'limit ms':>9} {'step ms':>9}  ratio")
    # In a process set up like a training worker, with its allocator settings and one thread.
    with ProcessPoolExecutor(1, mp_context=fork_server.context()) as pool:
        for name, precision in product(args.workload or WORKLOADS, args.precision or PRECISIONS):
            names = args.compute or ["eager"]
            future = pool.submit(rows, name, precision, names, args.device, seconds=args.seconds)
            print("\n".join(future.result()), flush=True)


def rows(name: str, precision: str, names: list[str], device: str, seconds: float) -> list[str]:
    """Return one row per name of compute settings."""
    workload = WORKLOADS[name]
    one, data = trial(workload, precision), facts(workload)
    lower = limit(workload, precision, seconds, device)
    lines = []
    for compute in names:
        step = seconds_per_step(one, data, compute_on(compute, device), at_least=seconds)
        lines.append(
            f"{name:14} {precision:9} {compute:10} {lower * 1e3:9.3f} {step * 1e3:9.3f}"
            f" {step / lower:6.2f}"
        )
    return lines


if __name__ == "__main__":
    main()
