"""The command line, the only package that prints to the terminal or exits the process."""

from cnn_ablate.cli.app import app, main

__all__ = ["app", "main"]
