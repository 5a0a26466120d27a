"""How long a study takes on this machine: timed in a few steps, or guessed."""

import json
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from statistics import fmean

from cnn_ablate.custom import user_code_folder
from cnn_ablate.errors import UserError
from cnn_ablate.executors import Resources
from cnn_ablate.fork_server import process_pool
from cnn_ablate.models.size import build_for_inspection
from cnn_ablate.runner.prepare import Prepared, data_facts, training_steps
from cnn_ablate.runner.run_record import gpu
from cnn_ablate.schema import ComputeConfig, DataFacts, Trial
from cnn_ablate.settings import options_of
from cnn_ablate.store import Store
from cnn_ablate.text import count
from cnn_ablate.train import seconds_per_epoch


@dataclass(frozen=True)
class Speed:
    """What a worker computes: multiply-adds per second, and the seconds per step beside them."""

    macs: float
    step: float


# What small CNNs reach in float32: a core of the committed studies (3 to 70 G), and Apple's GPU.
# However small a network, a step calls its kernels one by one.
_SPEEDS = {"cpu": Speed(3e10, 0.002), "mps": Speed(4e11, 0.004)}
# Multiply-adds per second of a data-centre GPU by precision: about a third of its peak. None of
# this was measured: it is read from peak rates, and from kernels counted without a GPU.
_GPU_MACS = {"float32": 1.25e13, "tf32": 5e13, "bfloat16": 1.25e14}
# Launches per tensor of weights (4.1 to 4.8 were counted), and the seconds of a launch and a step.
_LAUNCHES, _LAUNCH, _GPU_STEP = 4.5, 6.5e-6, 2e-4


# Folder of the user's code, trial, its data, device.
_Case = tuple[Path, Trial, DataFacts, str]


def time_trials(prepared: Prepared, device: str) -> dict[str, float]:
    """Return the seconds of one trial per variant on one worker of this machine.

    A few steps of each network are timed on random images.
    """
    cases: dict[str, _Case] = {}
    keys: dict[str, str] = {}
    for variant in prepared.plan.variants:
        trial = next(trial for trial in prepared.plan.trials if trial.variant == variant.name)
        # Only these settings change the time of an epoch by much.
        key = json.dumps([trial.settings[section] for section in ("data", "model", "training")])
        cases[key] = prepared.code_folder, trial, data_facts(prepared, trial), device
        keys[variant.name] = key
    # In a process like those that train: with their memory settings, and one thread.
    with process_pool(1) as pool:
        speeds = dict(zip(cases, pool.map(_seconds_per_epoch, cases.values()), strict=True))
    epochs = {v.name: v.settings["training"]["epochs"] for v in prepared.plan.variants}
    return {name: speeds[key] * epochs[name] for name, key in keys.items()}


def _seconds_per_epoch(case: _Case) -> float:
    folder, trial, facts, device = case
    with user_code_folder(folder):
        return seconds_per_epoch(trial, facts, ComputeConfig(device=device))


def guess_seconds(prepared: Prepared, device: str) -> dict[str, float]:
    """Guess the seconds of one trial per variant on one worker of this machine."""
    seconds = _gpu_seconds if device == "cuda" else partial(_seconds, speed=_SPEEDS[device])
    trials = {trial.variant: trial for trial in reversed(prepared.plan.trials)}
    return {name: seconds(prepared, trial) for name, trial in trials.items()}


def finished_seconds(prepared: Prepared, results: Path) -> dict[str, float]:
    """Return the mean seconds of one trial per variant, of a command that has trained some.

    A variant without any has the mean of all; empty if none is done.
    """
    store = Store(results)
    seconds: dict[str, list[float]] = {}
    for trial in prepared.plan.trials:
        result = store.result(trial) if trial.id in prepared.done else None
        if result and result.metrics:
            seconds.setdefault(trial.variant, []).append(result.metrics.seconds)
    if not seconds:
        return {}
    overall = fmean(chain.from_iterable(seconds.values()))
    return {v.name: fmean(seconds.get(v.name, [overall])) for v in prepared.plan.variants}


def machine_words(resources: Resources) -> str:
    """Return what trials are computed on here: `cpu, 4 workers`."""
    device = gpu(resources.device) or resources.device
    return f"{device}, {count(resources.local_workers(), 'worker')}"


def _seconds(prepared: Prepared, trial: Trial, speed: Speed) -> float:
    """Guess the seconds of a trial; forward and backward cost three times the forward pass.

    Each epoch is assumed to end with an evaluation of the validation and the test images.
    """
    epochs = trial.settings["training"]["epochs"]
    counts = data_facts(prepared, trial).counts(trial.settings["data"])
    macs = prepared.macs(trial.variant)
    training = 3 * macs * counts.train * epochs / speed.macs
    training += training_steps(prepared, trial) * speed.step
    return float(training + epochs * (counts.val + counts.test) * macs / speed.macs)


def _gpu_seconds(prepared: Prepared, trial: Trial) -> float:
    """Guess the seconds of a trial on a GPU, which computes while the next kernels are launched."""
    macs = _GPU_MACS[trial.settings["training"]["precision"]]
    computing = _seconds(prepared, trial, Speed(macs, 0.0))
    launches = _LAUNCHES * _weight_tensors(prepared, trial)
    launching = training_steps(prepared, trial) * (_GPU_STEP + launches * _LAUNCH)
    return max(computing, launching)


def _weight_tensors(prepared: Prepared, trial: Trial) -> int:
    """Count the tensors of weights of a network; 0 if it cannot be built."""
    facts = data_facts(prepared, trial)
    with user_code_folder(prepared.code_folder), suppress(UserError):
        options = options_of("model", trial.settings["model"])
        model, _ = build_for_inspection(options, facts.shape, len(facts.classes))
        return len(list(model.parameters()))
    return 0
