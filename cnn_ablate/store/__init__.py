"""The results folder: content-addressed, atomic, and written by nothing else."""

from cnn_ablate.store.tables import Predictions, Results, read, write_study
from cnn_ablate.store.trials import Store

__all__ = ["Predictions", "Results", "Store", "read", "write_study"]
