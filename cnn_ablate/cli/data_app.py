"""The commands `data ...` and their options; each imports what it needs only when it is called."""

from typing import Annotated

import typer

from cnn_ablate.cli import shell_completion
from cnn_ablate.cli.common_options import Data

data_app = typer.Typer(help="Data sets: what there is, and how to get it.", no_args_is_help=True)


@data_app.command("list")
def data_list(data: Data = None) -> None:
    """List the data sets, and which of them are on this machine."""
    from cnn_ablate.cli.commands.data import show_data

    show_data(data)


@data_app.command("fetch")
def data_fetch(
    name: Annotated[
        str, typer.Argument(help="Name of a data set.", autocompletion=shell_completion.datasets)
    ],
    data: Data = None,
    mirror: Annotated[
        list[str], typer.Option(help="Address of a folder with its files, to try first.")
    ] = [],  # noqa: B006 - Typer copies it
) -> None:
    """Download a data set; what broke off goes on, and nothing is kept unchecked."""
    from cnn_ablate.cli.commands.data import fetch

    fetch(name, data, tuple(mirror))


@data_app.command("verify")
def data_verify(
    name: Annotated[
        str, typer.Argument(help="Name of a data set.", autocompletion=shell_completion.datasets)
    ],
    data: Data = None,
) -> None:
    """Check that the images of a data set are those of its fingerprint."""
    from cnn_ablate.cli.commands.data import verify

    verify(name, data)
