"""Claims of papers and what was measured, to verdicts. Pure: reads nothing but what it is given."""

from cnn_ablate.claims.measured import METRICS, Results
from cnn_ablate.claims.verdicts import verdicts

__all__ = ["METRICS", "Results", "verdicts"]
