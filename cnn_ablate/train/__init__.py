"""A trial to its result: the loop, evaluation, checkpoints."""

from cnn_ablate.train.loop import Watch, train
from cnn_ablate.train.timing import seconds_per_epoch

__all__ = ["Watch", "seconds_per_epoch", "train"]
