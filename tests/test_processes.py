"""Processes that train: one thread each, and memory that is kept from step to step."""

import gc
import platform
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import pytest
import torch

from cnn_ablate import processes

resource = pytest.importorskip("resource")


def page_faults() -> int:
    """Count the pages that ten maps of 20 MB, one after the other, are given anew."""
    torch.ones(5 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.ones(5 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def elsewhere(function):
    """Call a function in a process that trains."""
    with ProcessPoolExecutor(1, mp_context=processes.context()) as pool:
        return pool.submit(function).result()


def test_a_process_that_trains_has_one_thread():
    """More would wait for each other wherever each core has a process."""
    assert elsewhere(torch.get_num_threads) == 1


def test_what_is_imported_is_never_searched_for_garbage():
    """Workers share it with their server, and search what they make themselves."""
    assert elsewhere(gc.get_freeze_count) > 100_000
    assert elsewhere(gc.isenabled)


def test_the_server_imports_without_a_search():
    """Nothing large is there yet when the search is switched off."""
    code = "import gc, sys; gc.disable = lambda: print('torch' in sys.modules)"
    command = [sys.executable, "-c", f"{code}; import cnn_ablate.preload"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "False" == done.stdout.splitlines()[0]  # torch switches it off as well


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other C libraries have no such knobs"
)
def test_a_process_that_trains_keeps_its_memory():
    """A map as large as that of the step before costs no page faults: without, 5,120 for each."""
    assert elsewhere(page_faults) < 1000
