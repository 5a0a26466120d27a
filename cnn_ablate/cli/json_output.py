"""What `--json` prints: one value on standard output, and nothing else."""

from collections.abc import Sequence

import typer
from pydantic import BaseModel, RootModel


def print_json(printed: BaseModel | Sequence[BaseModel], *, lines: bool = False) -> None:
    """Print a value, or a list of them, as JSON: indented, or as one of several lines."""
    model = printed if isinstance(printed, BaseModel) else RootModel[list[BaseModel]](list(printed))
    typer.echo(model.model_dump_json(indent=None if lines else 1, serialize_as_any=True))
