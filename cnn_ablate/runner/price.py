"""What a study would cost on a GPU: a guess from multiply-adds and steps, without one."""

from math import ceil

from cnn_ablate.runner.survey import Survey, facts_of
from cnn_ablate.schema import Trial

MACS_PER_SECOND = 4e12
"""What small CNNs get out of a data-centre GPU in float32: a third of its peak, or less."""
SECONDS_PER_STEP = 0.002
"""The least time of a step, however small: that of launching its kernels one by one."""


def gpu_hours(survey: Survey) -> float:
    """Guess how long a whole study takes on one GPU."""
    one = {trial.variant: trial for trial in survey.plan.trials}
    seeds = survey.plan.seed_counts.items()
    return sum(count * _seconds(survey, one[name]) for name, count in seeds) / 3600


def _seconds(survey: Survey, trial: Trial) -> float:
    """Guess how long a trial takes: forward and backward are three times the forward.

    Each epoch is taken to end with an evaluation of the test images.
    """
    data, training = trial.settings["data"], trial.settings["training"]
    facts = facts_of(survey, trial)
    images = min(data["subset"] or facts.train, facts.train) * (1 - data["val_fraction"])
    macs = survey.sizes[trial.variant].macs
    steps = ceil(images / training["batch_size"])
    epoch = max(3 * macs * images / MACS_PER_SECOND, steps * SECONDS_PER_STEP)
    tested = min(data["test_subset"] or facts.test, facts.test) * macs / MACS_PER_SECOND
    return float(training["epochs"] * (epoch + tested))
