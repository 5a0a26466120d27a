"""The Typer app of commands that start a study; each imports what it needs when called."""

from pathlib import Path
from typing import Annotated

import typer

from cnn_ablate.cli import shell_completion
from cnn_ablate.cli.common_options import AsJson

start_app = typer.Typer()


@start_app.command("list")
def list_entries(
    table: Annotated[
        str,
        typer.Argument(
            help="Table to list: models, datasets, metrics ...; none: all tables.",
            autocompletion=shell_completion.tables,
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List what a study can name: networks, data sets, designs, metrics, and their options."""
    from cnn_ablate.cli.commands.list import print_entries

    print_entries(table, as_json=as_json)


@start_app.command()
def init(
    file: Annotated[Path, typer.Argument(help="Study file to write.")],
    data: Annotated[
        str,
        typer.Option(
            help="Name of a data set, or a folder of images.",
            autocompletion=shell_completion.datasets,
        ),
    ] = "fashion_mnist_sample",
    model: Annotated[
        str,
        typer.Option(
            help="Name of a network, or of a user-defined one: module:Name.",
            autocompletion=shell_completion.models,
        ),
    ] = "lenet",
    table: Annotated[
        Path | None,
        typer.Option("--from", help="Results trained elsewhere: draft the study that has them."),
    ] = None,
    baseline: Annotated[
        str,
        typer.Option(help="With --from: levels of the baseline, `norm=batch,se=true`."),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Write a commented study file that is ready to run."""
    from cnn_ablate.cli.commands.init import write_draft, write_template

    if table:
        write_draft(file, table, baseline, as_json=as_json)
    else:
        write_template(file, data, model, as_json=as_json)


@start_app.command()
def schema(as_json: AsJson = False) -> None:  # noqa: ARG001 - it always prints JSON
    """Print the JSON Schema of study files, for editors."""
    from cnn_ablate.cli.commands.schema import print_schema

    print_schema()
