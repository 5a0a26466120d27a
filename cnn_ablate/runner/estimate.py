"""How long a study will take, from a few steps of each network on made-up images."""

import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from cnn_ablate import processes
from cnn_ablate.custom import look_in
from cnn_ablate.runner.prepare import Prepared, facts_of
from cnn_ablate.schema import ComputeConfig, DataFacts, Trial
from cnn_ablate.train import seconds_per_epoch


def estimated_seconds(survey: Prepared) -> dict[str, float]:
    """Estimate the seconds of one trial of each variant, on one worker of this machine."""
    cases: dict[str, tuple[Trial, DataFacts]] = {}
    keys: dict[str, str] = {}
    for variant in survey.plan.variants:
        trial = next(trial for trial in survey.plan.trials if trial.variant == variant.name)
        # Only these settings change what an epoch costs by much.
        key = json.dumps([trial.settings[section] for section in ("data", "model", "training")])
        cases[key] = trial, facts_of(survey, trial)
        keys[variant.name] = key
    home = Path(survey.study.source).resolve().parent
    # In a process like those that train: its memory is kept, and it has one thread.
    with ProcessPoolExecutor(1, processes.context(), look_in, (home,)) as pool:
        speeds = dict(zip(cases, pool.map(_seconds_per_epoch, cases.values()), strict=True))
    epochs = {v.name: v.settings["training"]["epochs"] for v in survey.plan.variants}
    return {name: speeds[key] * epochs[name] for name, key in keys.items()}


def _seconds_per_epoch(case: tuple[Trial, DataFacts]) -> float:
    return seconds_per_epoch(*case, ComputeConfig())
