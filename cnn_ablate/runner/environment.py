"""The machine and the software that trials run on, as a study's record names them."""

import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

import torch

from cnn_ablate.executors import usable_cores
from cnn_ablate.schema import Environment

# Where Linux, whose `platform.processor()` gives the architecture alone, names the processor.
_CPUINFO = Path("/proc/cpuinfo")


def environment(device: str) -> Environment:
    """Describe the machine, its GPU if trials are given to it, and the software."""
    return Environment(
        cnn_ablate=version("cnn-ablate"),
        python=platform.python_version(),
        torch=torch.__version__,
        platform=platform.platform(),
        processor=processor(),
        cores=usable_cores(),
        gpu=gpu(device),
    )


def gpu(device: str) -> str:
    """Name the GPU, where trials are given to one of this machine."""
    return torch.cuda.get_device_name() if device == "cuda" and torch.cuda.is_available() else ""


@cache
def processor() -> str:
    """Name the processor, as far as the system knows its model."""
    try:
        lines = _CPUINFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(filter(None, named), platform.processor() or platform.machine())
