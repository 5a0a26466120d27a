"""Study files to studies: every default filled in, every name checked, every error with its place."""

from cnn_ablate.study.reader import Changes, read

__all__ = ["Changes", "read"]
