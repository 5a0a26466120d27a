"""A trial to its result: the loop, evaluation, checkpoints."""

from cnn_ablate.train.bench import Bench
from cnn_ablate.train.evaluate import answers, merged
from cnn_ablate.train.gradients import Lesson, step
from cnn_ablate.train.loop import Member, train, train_together
from cnn_ablate.train.stacked import Stack
from cnn_ablate.train.timing import noise, seconds_per_epoch, seconds_per_step
from cnn_ablate.train.watch import Watch

__all__ = [
    "Bench",
    "Lesson",
    "Member",
    "Stack",
    "Watch",
    "answers",
    "merged",
    "noise",
    "seconds_per_epoch",
    "seconds_per_step",
    "step",
    "train",
    "train_together",
]
