"""Processes that train: one thread each, and memory that is kept from step to step."""

import platform
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


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other C libraries have no such knobs"
)
def test_a_process_that_trains_keeps_its_memory():
    """A map as large as that of the step before costs no page faults: without, 5,120 for each."""
    assert elsewhere(page_faults) < 1000
