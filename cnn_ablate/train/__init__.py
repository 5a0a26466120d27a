"""A trial to its result: the loop, evaluation, checkpoints."""

from cnn_ablate.train.bench import Bench
from cnn_ablate.train.evaluate import answers, merged
from cnn_ablate.train.loop import Watch, train
from cnn_ablate.train.timing import noise, seconds_per_epoch

__all__ = ["Bench", "Watch", "answers", "merged", "noise", "seconds_per_epoch", "train"]
