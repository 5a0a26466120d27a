"""Study files to studies: defaults filled in, names checked, every error with its place."""

from cnn_ablate.study.reader import Changes, read

__all__ = ["Changes", "read"]
