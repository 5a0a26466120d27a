"""Read study files: defaults filled in, names checked, every error with its place in the file."""

from cnn_ablate.study.read_study import Changes, read_study

__all__ = ["Changes", "read_study"]
