"""The processes that train: forked from one server that has imported torch, with one thread each.

One thread, because trials run side by side: with more, the processes would compete for cores, and
the number of threads decides how sums are split, so it would change the bits of results.

A server, because a new process would take seconds to import torch, and a fork of this program
would take its threads and its GPU context along, which do not survive one.
"""

import multiprocessing as mp
import os
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import util
from pathlib import Path
from typing import Any

from cnn_ablate.temporary_folder import temporary_folder

_METHOD = "forkserver" if "forkserver" in mp.get_all_start_methods() else "spawn"
# OpenMP and MKL read these when torch is first imported, the C library when a process starts, so
# they are set before the server starts.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # Activations of 1 to 30 MB are allocated and freed in every step. By default glibc returns
    # each to the system, and page faults take a third of a step of `fashion_cnn`. The threshold
    # is the highest that all versions accept: older ones ignore a higher one.
    "MALLOC_MMAP_THRESHOLD_": str(1 << 25),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 33),
    "MALLOC_TOP_PAD_": str(1 << 26),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    # Without a fixed workspace, cuBLAS may sum in another order each time.
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    # Counts GPUs without starting the CUDA driver, which does not survive a fork.
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
}
# Bytes: the path of a socket has at most 103, of which its name in the temporary folder takes 44.
_LONGEST_FOLDER = 59


def set_environment() -> None:
    """Set the variables above for processes started from now on, unless the user has set them."""
    for variable, value in _ENVIRONMENT.items():
        os.environ.setdefault(variable, value)


def context() -> Any:
    """Return the `multiprocessing` context of processes that train."""
    set_environment()
    chosen: Any = mp.get_context(_METHOD)
    if _METHOD == "forkserver":
        chosen.set_forkserver_preload(["cnn_ablate.preload"])
        _keep_sockets_in_own_folder()
    return chosen


def _keep_sockets_in_own_folder() -> None:
    """Put the socket of the server into a temporary folder of this program.

    In multiprocessing's own, it would stay for good where this process is killed.
    """
    settings: dict[str, Any] = mp.current_process()._config  # type: ignore[attr-defined]  # noqa: SLF001 - it is nowhere else
    if "tempdir" not in settings:
        held = ExitStack()
        is_long = len(os.fsencode(tempfile.gettempdir())) > _LONGEST_FOLDER
        parent = Path("/tmp") if is_long else None  # noqa: S108 - Python itself falls back to it
        settings["tempdir"] = str(held.enter_context(temporary_folder(parent)))
        util.Finalize(None, held.close, exitpriority=-100)  # as for its own


@contextmanager
def process_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Hold processes like those that train; an interruption or an error ends them at once."""
    pool = ProcessPoolExecutor(workers, mp_context=context())
    try:
        yield pool
    except BaseException:
        # `kill_workers` from Python 3.14.
        for process in [*pool._processes.values()]:  # noqa: SLF001
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def start_fork_server() -> None:
    """Start the server now, so that it imports torch while this process reads the study."""
    if _METHOD == "forkserver":
        context()
        from multiprocessing import forkserver, resource_tracker  # noqa: PLC0415 - not on Windows

        # This unblocks signals once it has started, so it comes first.
        resource_tracker.ensure_running()
        # A terminal sends Ctrl-C to the server, too. `preload` unblocks it there.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
