"""The memory that a training takes: of this process, or of its GPU."""

import ctypes
import sys
from contextlib import suppress
from pathlib import Path

import torch


def forget_peak(device: str) -> None:
    """Give back what earlier trainings have left, and take the peak anew, where that can be done.

    Elsewhere, the peak of a training is that of all in its process until then.
    """
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats()
    if sys.platform == "linux":
        with suppress(AttributeError):  # of glibc's own
            ctypes.CDLL(None).malloc_trim(0)
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_memory_mb(device: str) -> float:
    """Give the most memory this process has had, or its GPU has given it; 0 if unknown."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated() / 2**20
    if sys.platform == "win32":
        return 0.0
    import resource  # noqa: PLC0415 - Windows has none

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
