"""How long a study will take, from a few steps of each network on made-up images."""

import json

from cnn_ablate.runner.survey import Survey
from cnn_ablate.schema import DataFacts, Recipe, Trial
from cnn_ablate.settings import parts
from cnn_ablate.train import seconds_per_epoch


def estimated_seconds(survey: Survey) -> dict[str, float]:
    """Estimate the seconds of one trial of each variant, on one worker of this machine."""
    speeds: dict[str, float] = {}
    seconds = {}
    for variant in survey.plan.variants:
        trial = next(trial for trial in survey.plan.trials if trial.variant == variant.name)
        # Only these settings change what an epoch costs by much.
        key = json.dumps([trial.settings[section] for section in ("data", "model", "training")])
        if key not in speeds:
            speeds[key] = seconds_per_epoch(trial, facts_of(survey, trial), Recipe())
        seconds[variant.name] = speeds[key] * trial.settings["training"]["epochs"]
    return seconds


def facts_of(survey: Survey, trial: Trial) -> DataFacts:
    """Give the facts of the trial's data set, or what is known of it without the images."""
    for facts in survey.data:
        if facts.fingerprint == trial.fingerprint:
            return facts
    data = parts(trial.settings).data
    form = data.form()
    return DataFacts(
        name=data.name,
        fingerprint="",
        classes=form.classes,
        shape=form.shape,
        train=50_000,
        test=10_000,
        note="Sizes assumed: the images are not here.",
    )
