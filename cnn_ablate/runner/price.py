"""What a study would cost on a GPU: a guess from multiply-adds and steps, without one."""

from math import ceil

from cnn_ablate.runner.prepare import Prepared, facts_of
from cnn_ablate.schema import Trial
from cnn_ablate.settings import options_of

MACS_PER_SECOND = 4e12
"""What small CNNs get out of a data-centre GPU in float32: a third of its peak, or less."""
SECONDS_PER_STEP = 0.002
"""The least time of a step, however small: that of launching its kernels one by one."""


def gpu_hours(survey: Prepared) -> float:
    """Guess how long a whole study takes on one GPU."""
    return sum(_seconds(survey, trial) for trial in survey.plan.trials) / 3600


def guessed_sizes(survey: Prepared) -> list[str]:
    """Name the data sets that are not here and whose numbers of images nobody knows."""
    if not survey.missing:
        return []
    used = [options_of("data", variant.settings["data"]) for variant in survey.plan.variants]
    return sorted({data.name for data in used if not data.sizes})


def _seconds(survey: Prepared, trial: Trial) -> float:
    """Guess how long a trial takes: forward and backward are three times the forward.

    Each epoch is taken to end with an evaluation of the validation and the test images.
    """
    training = trial.settings["training"]
    counts = facts_of(survey, trial).counts(trial.settings["data"])
    macs = survey.sizes[trial.variant].macs
    steps = ceil(counts.train / training["batch_size"])
    epoch = max(3 * macs * counts.train / MACS_PER_SECOND, steps * SECONDS_PER_STEP)
    evaluated = (counts.val + counts.test) * macs / MACS_PER_SECOND
    return float(training["epochs"] * (epoch + evaluated))
