"""The record of a study as it was run: its plan, the machine, the software, the command line."""

import os
import platform
import shlex
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

import torch

from cnn_ablate.executors import usable_cores
from cnn_ablate.runner.baseline_network import network_layers
from cnn_ablate.runner.prepare import Prepared
from cnn_ablate.schema import ComputeConfig, Environment, Record, timestamp

# On Linux `platform.processor()` returns the architecture only; this file has the model.
_CPUINFO = Path("/proc/cpuinfo")
# A driver that hangs must not keep a run from its end.
_NVIDIA_SMI_SECONDS = 20


def study_record(prepared: Prepared, device: str, started: str) -> Record:
    """Return the record of a study that was run since `started`, until now."""
    return Record(
        study=prepared.study,
        file=prepared.file,
        plan=prepared.plan,
        sizes=dict(prepared.sizes),
        layers=network_layers(prepared),
        data=prepared.data,
        # The store replaces it by what the trials were computed with.
        compute=ComputeConfig(device=device),
        environment=environment(device),
        findings=prepared.findings or (),
        audited=prepared.findings is not None,
        inputs=dict(prepared.inputs.sha256) if prepared.inputs else {},
        command=_command(),
        started=started,
        finished=timestamp(),
    )


def environment(device: str) -> Environment:
    """Return the machine and the software that trials are trained with."""
    return Environment(
        cnn_ablate=version("cnn-ablate"),
        python=platform.python_version(),
        torch=torch.__version__,
        platform=platform.platform(),
        processor=processor(),
        cores=usable_cores(),
        gpu=gpu(device),
    )


@cache
def gpu(device: str) -> str:
    """Return the name of the GPU if trials are computed on one of this machine, else ''.

    The driver's own program is asked: torch would take memory of the GPU for this process, which
    computes nothing on it.
    """
    if device != "cuda":
        return ""
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0]
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader", f"--id={first or 0}"]
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(  # noqa: S603 - no part of it is a study's
            command, capture_output=True, text=True, check=True, timeout=_NVIDIA_SMI_SECONDS
        )
        return done.stdout.splitlines()[0].strip()
    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""


@cache
def processor() -> str:
    """Return the processor and the widest instructions that torch uses, as in AMD EPYC, AVX2.

    Virtual machines of one model name can differ in them, and then also in the bits of results.
    """
    try:
        lines = _CPUINFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    model = next(filter(None, models), platform.processor() or platform.machine())
    widest = torch.backends.cpu.get_cpu_capability()
    return model if widest == "DEFAULT" else f"{model}, {widest}"


def _command() -> str:
    """Return the command line of this run; '' if it was started by a user's program."""
    is_command = Path(sys.argv[0]).stem in {"cnn-ablate", "__main__"}
    return shlex.join(["cnn-ablate", *sys.argv[1:]]) if is_command else ""
