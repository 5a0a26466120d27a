"""What a study costs: timed in a few steps on this machine, or guessed for one GPU."""

import json
from concurrent.futures import ProcessPoolExecutor
from math import ceil
from pathlib import Path

from cnn_ablate import fork_server
from cnn_ablate.custom import user_code_folder
from cnn_ablate.runner.prepare import Prepared, data_facts
from cnn_ablate.schema import ComputeConfig, DataFacts, Trial
from cnn_ablate.settings import options_of
from cnn_ablate.train import seconds_per_epoch

MACS_PER_SECOND = 4e12
"""What small CNNs reach on a data-centre GPU in float32: a third of its peak, or less."""
SECONDS_PER_STEP = 0.002
"""The least time per step, however small the network: its kernels are launched one by one."""


def estimate_seconds(prepared: Prepared) -> dict[str, float]:
    """Estimate the seconds of one trial per variant on one worker of this machine.

    A few steps of each network are timed on random images.
    """
    cases: dict[str, tuple[Path, Trial, DataFacts]] = {}
    keys: dict[str, str] = {}
    for variant in prepared.plan.variants:
        trial = next(trial for trial in prepared.plan.trials if trial.variant == variant.name)
        # Only these settings change the time of an epoch by much.
        key = json.dumps([trial.settings[section] for section in ("data", "model", "training")])
        cases[key] = prepared.code_folder, trial, data_facts(prepared, trial)
        keys[variant.name] = key
    # In a process like those that train: with their memory settings, and one thread.
    with ProcessPoolExecutor(1, fork_server.context()) as pool:
        speeds = dict(zip(cases, pool.map(_seconds_per_epoch, cases.values()), strict=True))
    epochs = {v.name: v.settings["training"]["epochs"] for v in prepared.plan.variants}
    return {name: speeds[key] * epochs[name] for name, key in keys.items()}


def _seconds_per_epoch(case: tuple[Path, Trial, DataFacts]) -> float:
    folder, trial, facts = case
    with user_code_folder(folder):
        return seconds_per_epoch(trial, facts, ComputeConfig())


def gpu_hours(prepared: Prepared) -> float:
    """Guess the hours that a whole study takes on one GPU."""
    return sum(_gpu_seconds(prepared, trial) for trial in prepared.plan.trials) / 3600


def guessed_sizes(prepared: Prepared) -> list[str]:
    """Return the names of data sets that are missing and whose number of images is unknown."""
    if not prepared.missing:
        return []
    used = [options_of("data", variant.settings["data"]) for variant in prepared.plan.variants]
    return sorted({data.name for data in used if not data.sizes})


def _gpu_seconds(prepared: Prepared, trial: Trial) -> float:
    """Guess the seconds of a trial; forward and backward cost three times the forward pass.

    Each epoch is assumed to end with an evaluation of the validation and the test images.
    """
    training = trial.settings["training"]
    counts = data_facts(prepared, trial).counts(trial.settings["data"])
    macs = prepared.sizes[trial.variant].macs
    steps = ceil(counts.train / training["batch_size"])
    epoch = max(3 * macs * counts.train / MACS_PER_SECOND, steps * SECONDS_PER_STEP)
    evaluation = (counts.val + counts.test) * macs / MACS_PER_SECOND
    return float(training["epochs"] * (epoch + evaluation))
