"""What an exception in a trial means: in words, and whether another attempt may end better."""

import traceback

import torch

from cnn_ablate.errors import UserError
from cnn_ablate.executors.protocol import Fault
from cnn_ablate.schema import DataFacts, Trial
from cnn_ablate.settings import build_options
from cnn_ablate.train.micro import divisible

# Troubles of the machine, which may pass.
_PASSING = (OSError, MemoryError)
# What torch says of a batch that gives batch normalisation one value of each channel.
_ONE_VALUE = "Expected more than 1 value per channel when training"


def words(fault: Exception) -> str:
    """Say in one line what was raised, and in the next ones where, if that is not the user's."""
    if isinstance(fault, UserError):
        return str(fault)
    if _ONE_VALUE in str(fault):
        return (
            "Batch normalisation cannot learn from one image, and the last batch of an epoch has "
            "no more. Choose another training.batch_size or data.subset."
        )
    what = traceback.format_exception_only(fault)[-1].strip()
    where = traceback.format_tb(fault.__traceback__)[-1].rstrip()
    return f"{what}\n{where}"


def kind(fault: Exception, trial: Trial, facts: DataFacts | None) -> Fault:
    """Judge an exception.

    Args:
        fault: The exception.
        trial: Of this trial.
        facts: Of its data, if that could be had.
    """
    if isinstance(fault, torch.OutOfMemoryError) and facts:
        network = build_options(trial.settings).model.build(facts.shape, len(facts.classes))
        return "memory" if divisible(network) else "error"
    return "lost" if isinstance(fault, _PASSING) else "error"
