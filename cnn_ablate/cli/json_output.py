"""What `--json` prints: JSON on standard output, and nothing else, whatever user code prints."""

import os
import sys
from collections.abc import Sequence
from io import UnsupportedOperation
from typing import TextIO

import typer
from pydantic import BaseModel, RootModel

# Standard output while it is kept for JSON.
_kept: TextIO | None = None


def keep_stdout(as_json: bool) -> None:
    """Keep standard output for JSON if `as_json`.

    What else is printed goes to standard error, also what libraries in C and the processes that
    are started print.
    """
    global _kept  # noqa: PLW0603 - as there is one standard output
    _kept = _duplicate(sys.stdout) if as_json else None
    if as_json:
        sys.stdout = sys.stderr


def is_kept() -> bool:
    """Return whether standard output is kept for JSON."""
    return _kept is not None


def standard_output() -> TextIO:
    """Return standard output, also while it is kept."""
    return _kept or sys.stdout


def print_json(printed: BaseModel | Sequence[BaseModel], *, lines: bool = False) -> None:
    """Print a value, or a list of them, as JSON: indented, or as one of several lines."""
    model = printed if isinstance(printed, BaseModel) else RootModel[list[BaseModel]](list(printed))
    text = model.model_dump_json(indent=None if lines else 1, serialize_as_any=True)
    typer.echo(text, file=standard_output())


def _duplicate(stream: TextIO) -> TextIO:
    """Return another stream to where one writes, whose descriptor then is standard error's."""
    try:
        descriptor, error = stream.fileno(), sys.stderr.fileno()
    except UnsupportedOperation:  # a program has replaced it
        return stream
    stream.flush()
    kept = open(os.dup(descriptor), "w", encoding="utf-8")  # noqa: PTH123, SIM115 - until the end
    os.dup2(error, descriptor)
    return kept
