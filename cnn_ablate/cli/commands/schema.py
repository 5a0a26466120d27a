"""The command `schema`: the JSON Schema of study files, for editors and other programs."""

import json

import typer

from cnn_ablate.cli.json_output import standard_output
from cnn_ablate.study.json_schema import json_schema


def print_schema() -> None:
    """Print the JSON Schema of study files."""
    typer.echo(json.dumps(json_schema(), indent=1), file=standard_output())
