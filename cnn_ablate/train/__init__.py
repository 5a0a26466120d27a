"""Train a trial to its result: the training loop, evaluation and checkpoints."""

from cnn_ablate.train.evaluate import average_views, predict_logits
from cnn_ablate.train.hooks import Hooks
from cnn_ablate.train.loop import TrialInput, train
from cnn_ablate.train.program import EagerProgram
from cnn_ablate.train.step_benchmark import (
    at_constant_rate,
    random_images,
    seconds_per_epoch,
    seconds_per_step,
    time_steps,
)
from cnn_ablate.train.together import Outcome, train_together
from cnn_ablate.train.trainer import Trainer

__all__ = [
    "EagerProgram",
    "Hooks",
    "Outcome",
    "Trainer",
    "TrialInput",
    "at_constant_rate",
    "average_views",
    "predict_logits",
    "random_images",
    "seconds_per_epoch",
    "seconds_per_step",
    "time_steps",
    "train",
    "train_together",
]
