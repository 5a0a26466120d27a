"""Peak memory of a training: of its process, or of its GPU."""

import ctypes
import sys
from contextlib import suppress
from pathlib import Path

import torch


def reset_peak_memory(device: str) -> None:
    """Release memory that earlier trainings left, and reset the peak of this process.

    Where a peak cannot be reset (not on Linux), it is that of all trainings of the process so far.
    """
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats()
    if sys.platform == "linux":
        with suppress(AttributeError):  # only glibc has it
            ctypes.CDLL(None).malloc_trim(0)
        # Writing 5 resets VmHWM, the peak that getrusage reports (proc(5), clear_refs).
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_memory_mb(device: str) -> float:
    """Return the peak memory in MiB of the GPU, or of this process; 0 if unknown."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated() / 2**20
    if sys.platform == "win32":
        return 0.0
    import resource  # noqa: PLC0415 - not on Windows

    # ru_maxrss is in bytes on macOS and in KiB elsewhere.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
