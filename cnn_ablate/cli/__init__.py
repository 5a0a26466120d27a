"""The command line: the only part that prints or exits."""

from cnn_ablate.cli.app import app, main

__all__ = ["app", "main"]
