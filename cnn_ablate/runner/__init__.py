"""Studies to results: what is planned and not yet done is trained, and everything is kept.

Laying a study out needs no statistics, so the modules `running`, `auditing` and `estimate` are
imported by who needs them.
"""

from cnn_ablate.runner.retries import Patience
from cnn_ablate.runner.survey import Survey, Where, survey
from cnn_ablate.runner.way import Way

__all__ = ["Patience", "Survey", "Way", "Where", "survey"]
