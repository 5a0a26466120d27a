"""Train a job by the user's command: its folder for results, its threads, its GPU, its progress."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch

from cnn_ablate.executors.protocol import Job, Progress
from cnn_ablate.external import ExternalJob, Workplace, run_trial
from cnn_ablate.schema import ComputeConfig, TrialResult
from cnn_ablate.store import Store

_VISIBLE = "CUDA_VISIBLE_DEVICES"
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def run_command_job(
    job: Job, external: ExternalJob, report: Callable[[Progress], None]
) -> TrialResult:
    """Train a job by its command; raises UserError if that fails."""
    place = Workplace(
        folder=job.folder or Path.cwd(),
        out=Store(job.results).new_scratch_path(),
        environment=_environment(job.compute),
    )

    def on_progress(epoch: float, epochs: int) -> None:
        report(Progress(job.trial.id, epoch, epochs, images_per_second=0.0))

    return run_trial(job.trial, external, job.compute, place, on_progress)


def show_one_gpu(compute: ComputeConfig, slot: int) -> None:
    """Let the commands of a worker see the GPU of its number, or none if not on a GPU."""
    gpus = _usable_gpus() if compute.device == "cuda" else []
    os.environ[_VISIBLE] = gpus[slot % len(gpus)] if gpus else ""


@cache
def _usable_gpus() -> list[str]:
    """Return the GPUs that this process could see when it started."""
    named = os.environ.get(_VISIBLE)
    if named is not None:
        return [name for name in named.split(",") if name]
    return [str(i) for i in range(torch.cuda.device_count())]


def _environment(compute: ComputeConfig) -> dict[str, str]:
    """Return the environment of a command: as many threads as cores, output line by line."""
    threads = dict.fromkeys(_THREADS, str(compute.threads)) if compute.threads > 1 else {}
    return {"PYTHONUNBUFFERED": "1", **os.environ, **threads}
