"""A trial to its result: the loop, evaluation, checkpoints."""

from cnn_ablate.train.evaluate import answers, merged
from cnn_ablate.train.loop import Watch, train
from cnn_ablate.train.timing import seconds_per_epoch

__all__ = ["Watch", "answers", "merged", "seconds_per_epoch", "train"]
