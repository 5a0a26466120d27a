"""How near a training step is to what its convolutions and matrix products alone would take.

Each layer is timed by itself, forward and backward, in the faster of two memory layouts, and the
times are added up: that is the limit. Beside it the whole step is timed, with all that it does.
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

from cnn_ablate import processes
from cnn_ablate.plan import plan
from cnn_ablate.runner.way import RECIPES
from cnn_ablate.schema import ComputeConfig, DataFacts, Study, Trial
from cnn_ablate.settings import build_options, resolve
from cnn_ablate.train import seconds_per_step
from cnn_ablate.train.loop import set_up

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
LAYOUTS = (torch.contiguous_format, torch.channels_last)


def there(recipe: str, device: str) -> ComputeConfig:
    """Give a recipe by its name, on a device."""
    return RECIPES[recipe].model_copy(update={"device": device})


def trial(workload: Workload, precision: str) -> Trial:
    """Give one trial of a workload; its images are made up later."""
    settings = workload.settings(workload.real(1), precision)
    study = Study(name="limit", written=settings, baseline=resolve(settings), seeds=(0,))
    return plan(study, resolve).trials[0]


def facts(workload: Workload) -> DataFacts:
    """Describe images of the workload's size."""
    height, width, channels = SIDE[workload.images]
    classes = tuple(map(str, range(10)))
    shape = (channels, height, width)
    return DataFacts(
        name="made", fingerprint="", classes=classes, shape=shape, train=50_000, test=10_000
    )


def layers(model: nn.Module, images: Tensor) -> list[tuple[nn.Module, Tensor]]:
    """Give each convolution and dense layer with what enters it."""
    found: list[tuple[nn.Module, Tensor]] = []
    hooks = [
        part.register_forward_hook(lambda own, x, _: found.append((own, x[0].detach())))
        for part in model.modules()
        if isinstance(part, nn.Conv2d | nn.Linear)
    ]
    model(images)
    for hook in hooks:
        hook.remove()
    return found


def limit(workload: Workload, precision: str, seconds: float, device: str) -> float:
    """Add up the least seconds of each layer, forward and backward."""
    one = trial(workload, precision)
    set_up(there("reference", device), one)
    chosen = build_options(one.settings)
    shape = facts(workload).shape
    model = chosen.model.initialised(shape, 10, seed=0, scheme="default").eval().to(device)
    entered = layers(model, torch.randn(workload.batch_size, *shape, device=device))
    return sum(
        least(layer, x, PRECISIONS[precision], seconds, learns_input=place > 0)
        for place, (layer, x) in enumerate(entered)
    )


def least(
    layer: nn.Module, x: Tensor, kind: torch.dtype, seconds: float, *, learns_input: bool
) -> float:
    """Time one layer both ways, in its faster layout; the first need not pass a gradient on."""
    times = []
    for layout in LAYOUTS if x.ndim == 4 else LAYOUTS[:1]:
        own = {name: weight.detach().to(kind) for name, weight in layer.named_parameters()}
        own = {name: laid_out(weight, layout).requires_grad_() for name, weight in own.items()}
        entering = laid_out(x.to(kind), layout).requires_grad_(learns_input)
        forward = partial(functional_call, layer, own, (entering,))
        wanted = [*own.values(), *([entering] if learns_input else [])]
        growth = torch.ones_like(forward())
        timed = fastest_graph if x.is_cuda else fastest
        times.append(timed(partial(both_ways, forward, wanted, growth), seconds))
    return min(times)


def laid_out(tensor: Tensor, layout: torch.memory_format) -> Tensor:
    """Give a copy of a tensor in this layout, if it is one of images or of kernels."""
    return tensor.clone(memory_format=layout) if tensor.ndim == 4 else tensor.clone()


def both_ways(forward: Callable[[], Tensor], wanted: list[Tensor], growth: Tensor) -> None:
    """Run a layer and its gradients."""
    torch.autograd.grad(forward(), wanted, growth)


def fastest(call: Callable[[], object], seconds: float) -> float:
    """Give the least time of a call, repeated for so long."""
    call()
    times: list[float] = []
    while sum(times) < seconds or len(times) < 3:
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return min(times)


def fastest_graph(call: Callable[[], object], seconds: float) -> float:
    """Give the least time of a call on a GPU, as a graph: what its kernels take, not its launch."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):  # chooses kernels and takes memory, which no graph may
        for _ in range(3):
            call()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(20):  # many in one, as a small layer takes less than the launch of a graph
            call()

    def replayed() -> None:
        graph.replay()
        torch.cuda.synchronize()

    return fastest(replayed, seconds) / 20


def main() -> None:
    """Print one row for each workload, precision and recipe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workload", choices=WORKLOADS, action="append")
    parser.add_argument("--precision", choices=PRECISIONS, action="append")
    parser.add_argument("--recipe", choices=RECIPES, action="append")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--seconds", type=float, default=0.5, help="for each layer, for each step")
    asked = parser.parse_args()
    print(
        f"{'workload':14} {'precision':9} {'recipe':10} {'limit ms':>9} {'step ms':>9} {'ratio':>6}"
    )
    # In a process like those that train: its memory is kept, and it has one thread.
    with ProcessPoolExecutor(1, mp_context=processes.context()) as pool:
        for name, precision in product(asked.workload or WORKLOADS, asked.precision or PRECISIONS):
            wanted = asked.recipe or ["eager"], asked.device
            found = pool.submit(rows, name, precision, *wanted, seconds=asked.seconds)
            print("\n".join(found.result()), flush=True)


def rows(name: str, precision: str, recipes: list[str], device: str, seconds: float) -> list[str]:
    """Give a row for each recipe."""
    workload = WORKLOADS[name]
    one, data = trial(workload, precision), facts(workload)
    floor = limit(workload, precision, seconds, device)
    told = []
    for recipe in recipes:
        step = seconds_per_step(one, data, there(recipe, device), at_least=seconds)
        told.append(
            f"{name:14} {precision:9} {recipe:10} {floor * 1e3:9.3f} {step * 1e3:9.3f}"
            f" {step / floor:6.2f}"
        )
    return told


if __name__ == "__main__":
    main()
