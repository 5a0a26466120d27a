"""What an exception in a trial means: a message for the user, and whether to retry."""

import traceback

from cnn_ablate.errors import UserError, is_out_of_memory
from cnn_ablate.executors.protocol import FailureKind, Job
from cnn_ablate.external import CommandError

# Errors of the machine rather than of the trial: another attempt may succeed.
_TEMPORARY = (OSError, MemoryError)
# Torch's message if batch normalisation gets one value per channel.
_ONE_VALUE = "Expected more than 1 value per channel when training"


def failure_kind(error: Exception) -> FailureKind:
    """Return the kind of failure that an exception is."""
    if isinstance(error, CommandError) and error.lost:
        return "lost"
    if is_out_of_memory(error):
        return "memory"
    return "lost" if isinstance(error, _TEMPORARY) else "error"


def failure_message(error: Exception, job: Job) -> str:
    """Describe an exception in one line; if it is not the user's, a second line has its place."""
    if isinstance(error, UserError):
        return str(error)
    if job.external:
        return f"{type(error).__name__}: {error}"
    if is_out_of_memory(error):
        batch_size, width = job.trial.settings["training"]["batch_size"], job.compute.width
        each = f" for each of {width} networks" if width > 1 else ""
        return (
            f"Out of memory: a batch of {batch_size} images{each} does not fit on "
            f"{job.compute.device}; lower training.batch_size."
        )
    if _ONE_VALUE in str(error):
        return (
            "Batch normalisation cannot learn from one image, and the last batch of an epoch has "
            "no more. Choose another training.batch_size or data.subset."
        )
    message = traceback.format_exception_only(error)[-1].strip()
    place = traceback.format_tb(error.__traceback__)[-1].rstrip()
    return f"{message}\n{place}"
