"""Studies to results: the trials of a plan that are not yet done are trained and stored.

Preparing a study needs no statistics: import `run`, `findings` and `cost` where they are used.
"""

from cnn_ablate.runner.config import RetryPolicy, RunConfig, resolve_device
from cnn_ablate.runner.prepare import Prepared, prepare

__all__ = ["Prepared", "RetryPolicy", "RunConfig", "prepare", "resolve_device"]
