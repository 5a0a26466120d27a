"""What `--json` prints: one value on standard output, and nothing else."""

from typing import Any

import typer
from pydantic import BaseModel


def print_json(output: BaseModel, *, lines: bool = False) -> None:
    """Print an output as JSON: indented, or as one of several lines."""
    typer.echo(output.model_dump_json(indent=None if lines else 1))


def as_json_values(frame: Any) -> list[dict[str, Any]]:
    """Return the rows of a data frame with null where a cell is empty."""
    return [
        {str(name): None if value != value else value for name, value in row.items()}  # noqa: PLR0124
        for row in frame.astype(object).to_dict("records")
    ]
