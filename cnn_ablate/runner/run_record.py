"""The record of a study as it was run: its plan, the machine, the software, the command line."""

import platform
import shlex
import sys
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


def gpu(device: str) -> str:
    """Return the name of the GPU if trials are computed on one of this machine, else ''."""
    return torch.cuda.get_device_name() if device == "cuda" and torch.cuda.is_available() else ""


@cache
def processor() -> str:
    """Return the model name of the processor, or its architecture if that is all that is known."""
    try:
        lines = _CPUINFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(filter(None, models), platform.processor() or platform.machine())


def _command() -> str:
    """Return the command line of this run; '' if it was started by a user's program."""
    is_command = Path(sys.argv[0]).stem in {"cnn-ablate", "__main__"}
    return shlex.join(["cnn-ablate", *sys.argv[1:]]) if is_command else ""
