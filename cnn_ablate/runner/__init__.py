"""Studies to results: what is planned and not yet done is trained, and everything is kept.

Laying a study out needs no statistics, so the modules `running`, `auditing` and `estimate` are
imported by who needs them.
"""

from cnn_ablate.runner.prepare import Prepared, RunConfig, survey
from cnn_ablate.runner.retries import RetryPolicy
from cnn_ablate.runner.way import ComputeChoice

__all__ = ["ComputeChoice", "Prepared", "RetryPolicy", "RunConfig", "survey"]
