"""Claims of papers and what was measured, to verdicts. Pure: reads nothing but what it is given."""

from cnn_ablate.claims.judgement import says_nothing
from cnn_ablate.claims.metrics import METRICS, OF_CLASS, Results
from cnn_ablate.claims.verdicts import verdicts
from cnn_ablate.claims.wording import subject

__all__ = ["METRICS", "OF_CLASS", "Results", "says_nothing", "subject", "verdicts"]
