"""A trial to its result: the loop, evaluation, checkpoints."""

from cnn_ablate.train.evaluate import answers, merged
from cnn_ablate.train.hooks import Hooks
from cnn_ablate.train.loop import TrialInput, train, train_together
from cnn_ablate.train.stacked import Stack
from cnn_ablate.train.step import StepInput, step
from cnn_ablate.train.timing import noise, seconds_per_epoch, seconds_per_step
from cnn_ablate.train.trainer import Trainer

__all__ = [
    "Hooks",
    "Stack",
    "StepInput",
    "Trainer",
    "TrialInput",
    "answers",
    "merged",
    "noise",
    "seconds_per_epoch",
    "seconds_per_step",
    "step",
    "train",
    "train_together",
]
