"""How processes that train come into being here: forked from one warm server, one thread each."""

import multiprocessing as mp
import os
from typing import Any

_METHOD = "forkserver" if "forkserver" in mp.get_all_start_methods() else "spawn"
# Imported once, by the server. Optimizers import the last one when they are first built: 2 s.
_PRELOADED = ["cnn_ablate.executors.worker", "torch._dynamo"]
# Read by OpenMP and MKL when torch is first imported, so it must be set before the server starts.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",
}


def one_thread_each() -> None:
    """Set the environment in which processes train, of this one and of those that it starts."""
    for variable, value in _ENVIRONMENT.items():
        os.environ.setdefault(variable, value)


def context() -> Any:
    """Give the context of `multiprocessing` in which processes train."""
    one_thread_each()
    found: Any = mp.get_context(_METHOD)
    if _METHOD == "forkserver":
        found.set_forkserver_preload(_PRELOADED)
    return found


def warm_up() -> None:
    """Start the server now: it imports torch while this process still reads the study."""
    if _METHOD == "forkserver":
        context()
        from multiprocessing import forkserver  # noqa: PLC0415 - Windows has none

        forkserver.ensure_running()
