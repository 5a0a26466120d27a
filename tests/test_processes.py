"""Processes that train: one thread each, and memory that is reused from step to step."""

import gc
import platform
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import pytest
import torch

from cnn_ablate import fork_server
from cnn_ablate.runner import run_record

resource = pytest.importorskip("resource")


def page_faults() -> int:
    """Count the page faults of ten tensors of 20 MB, one after the other."""
    torch.ones(5 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.ones(5 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def call_in_worker(function):
    """Call a function in a process that trains."""
    with ProcessPoolExecutor(1, mp_context=fork_server.context()) as pool:
        return pool.submit(function).result()


def test_a_process_that_trains_has_one_thread():
    """With more, processes that train side by side would compete for cores."""
    assert call_in_worker(torch.get_num_threads) == 1


def test_imported_objects_are_frozen():
    """The garbage collector of a worker leaves alone what it shares with its server."""
    assert call_in_worker(gc.get_freeze_count) > 100_000
    assert call_in_worker(gc.isenabled)


@pytest.mark.slow
def test_the_collector_is_off_before_the_server_imports_torch():
    """With it, imports would take a quarter longer."""
    code = "import gc, sys; gc.disable = lambda: print('torch' in sys.modules)"
    command = [sys.executable, "-c", f"{code}; import cnn_ablate.preload"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "False" == done.stdout.splitlines()[0]  # torch switches it off too


def test_ctrl_c_ends_the_server_without_a_traceback_of_its_imports():
    """A terminal sends it to all processes of a run."""
    code = (
        "import importlib, os, signal\n"
        "importlib.import_module = lambda _: os.kill(os.getpid(), signal.SIGINT)\n"
        "import cnn_ablate.preload"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (-signal.SIGINT, "") == (done.returncode, done.stderr)


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other C libraries have no such settings"
)
def test_a_process_that_trains_keeps_its_memory():
    """A tensor as large as a freed one takes no page faults; by default, 5,120 each."""
    assert call_in_worker(page_faults) < 1000


CUDA_CALLS = """
import torch
calls = []
for place, names in (
    (torch.cuda, ["is_available", "device_count", "_lazy_init", "get_device_name"]),
    (torch._C, ["_cuda_getDeviceCount", "_cuda_init"]),
):
    for name in names:
        setattr(place, name, lambda *_, name=name: calls.append(name))
"""


@pytest.mark.slow
def test_the_server_does_not_touch_a_gpu():
    """A CUDA driver that was started does not survive a fork."""
    code = f"{CUDA_CALLS}\nimport cnn_ablate.preload\nprint(calls)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.splitlines()[-1]


def test_naming_the_gpu_does_not_touch_it(tmp_path, monkeypatch):
    """The driver's program is asked for the first GPU that may be used."""
    program = tmp_path / "nvidia-smi"
    program.write_text('#!/bin/sh\necho "NVIDIA Test $3"\n', "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    for name in ("is_available", "get_device_name", "device_count", "_lazy_init"):
        monkeypatch.setattr(torch.cuda, name, lambda *_: pytest.fail("touched"))
    run_record.gpu.cache_clear()
    assert "NVIDIA Test --id=2" == run_record.gpu("cuda")
    assert "" == run_record.gpu("cpu")
    run_record.gpu.cache_clear()
