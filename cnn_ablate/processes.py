"""How processes that train come into being here: forked from one warm server, one thread each."""

import multiprocessing as mp
import os
from typing import Any

_METHOD = "forkserver" if "forkserver" in mp.get_all_start_methods() else "spawn"
# Read by OpenMP and MKL when torch is first imported, by the C library when a process starts: it
# must be set before the server does.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",
    # Maps of 1 to 30 MB come and go in every step. By default each is given back to the system and
    # taken page by page again: a third of a step of `fashion_cnn`.
    # The most that every glibc takes; more than that, older ones ignore.
    "MALLOC_MMAP_THRESHOLD_": str(1 << 25),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 33),
    "MALLOC_TOP_PAD_": str(1 << 26),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    # Without a workspace of its own, cuBLAS may take sums in another order each time.
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    # Counts GPUs without waking the driver, which does not outlive the fork of a process.
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
}


def set_environment() -> None:
    """Set what processes that are started from now on train with, unless the user has."""
    for variable, value in _ENVIRONMENT.items():
        os.environ.setdefault(variable, value)


def context() -> Any:
    """Give the context of `multiprocessing` in which processes train."""
    set_environment()
    found: Any = mp.get_context(_METHOD)
    if _METHOD == "forkserver":
        found.set_forkserver_preload(["cnn_ablate.preload"])
    return found


def warm_up() -> None:
    """Start the server now: it imports torch while this process still reads the study."""
    if _METHOD == "forkserver":
        context()
        from multiprocessing import forkserver  # noqa: PLC0415 - Windows has none

        forkserver.ensure_running()
