"""Compile a traced training step to a shared library by AOTInductor, and load one.

Only compiling imports Inductor, which takes seconds; a library is loaded in milliseconds.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule

from cnn_ablate.errors import UserError

# Of torch._inductor.config; part of every program's key.
_SETTINGS: dict[str, Any] = {
    # The study's layout is kept: Inductor's own choice would differ between networks.
    "layout_optimization": False,
    "cpp.threads": 1,
    # Inductor would leave max pools, which read every second value, as scalar code with branches.
    "cpp.enable_tiling_heuristics": False,
    "compile_threads": 1,
}
_CPUINFO = Path("/proc/cpuinfo")


def compiler() -> str:
    """Return the path of the C++ compiler: $CXX or g++.

    Raises:
        UserError: there is none.
    """
    name = os.environ.get("CXX", "g++")
    if path := shutil.which(name):
        return path
    what = f"there is no C++ compiler {name} on this machine, so training steps are not compiled."
    raise UserError("--compute aot", what, "Use --compute eager, or install one.")


def program_key(graph: GraphModule, inputs: Sequence[Tensor]) -> str:
    """Return the SHA-256 of all that a compiled program depends on.

    It has the graph with its constants, the shapes and strides of its inputs, the settings of
    Inductor, the number of threads, whether oneDNN is used, the version of torch, the processor
    and the compiler.
    """
    constants = [(name, _digest(value)) for name, value in sorted(_constants(graph))]
    layouts = [(str(x.dtype), list(x.shape), list(x.stride())) for x in inputs]
    onednn = f"onednn {torch.backends.mkldnn.enabled}"
    parts = (graph.code, constants, layouts, _SETTINGS, torch.get_num_threads(), onednn, _machine())
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _constants(graph: GraphModule) -> Iterator[tuple[str, Tensor]]:
    for node in graph.graph.nodes:
        if node.op == "get_attr":
            yield node.target, getattr(graph, node.target)


def _digest(tensor: Tensor) -> str:
    return hashlib.sha256(tensor.contiguous().numpy().tobytes()).hexdigest()


@cache
def _machine() -> list[str]:
    """Return the versions of torch and of the compiler, and the instruction set."""
    version = subprocess.run(  # noqa: S603 - a path that `which` has found
        [compiler(), "--version"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[0]
    lines = _CPUINFO.read_text(encoding="utf-8").splitlines() if _CPUINFO.exists() else []
    flags = {line for line in lines if line.startswith(("model name", "flags", "Features"))}
    capability = torch.backends.cpu.get_cpu_capability()
    return [torch.__version__, version, platform.machine(), capability, *sorted(flags)]


def compile_graph(graph: GraphModule, inputs: Sequence[Tensor], library: Path) -> None:
    """Compile a graph to a shared library.

    Raises:
        Exception: an operation cannot be compiled, or the compiler fails.
    """
    with _scratch(library.parent / "inductor"):
        import torch._inductor as inductor  # noqa: PLC0415 - takes seconds
        from torch._inductor import config  # noqa: PLC0415

        # Precompiling needs the command openssl.
        headers = {"aot_inductor.precompile_headers": bool(shutil.which("openssl"))}
        settings = {**_SETTINGS, **headers, "cpp.cxx": (compiler(),)}
        output = {"aot_inductor.output_path": str(library)}
        with config.patch(settings):
            inductor.aot_compile(graph, tuple(inputs), options=output)


@contextmanager
def _scratch(folder: Path) -> Iterator[None]:
    """Let Inductor write its sources to a folder, which is removed at the end."""
    before = os.environ.get("TORCHINDUCTOR_CACHE_DIR")
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(folder)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.environ.pop("TORCHINDUCTOR_CACHE_DIR")
        if before is not None:
            os.environ["TORCHINDUCTOR_CACHE_DIR"] = before


def load_library(library: Path) -> Callable[[list[Tensor]], None]:
    """Return the program of a shared library: a function of its inputs, which it changes."""
    # The public loader imports Inductor.
    runner = torch._C._aoti.AOTIModelContainerRunnerCpu(str(library), 1)  # noqa: SLF001

    def run(inputs: list[Tensor]) -> None:
        runner.run(inputs)

    return run
