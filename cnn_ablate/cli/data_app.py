"""The Typer app of the commands `data ...`; each imports what it needs when called."""

from typing import Annotated

import typer

from cnn_ablate.cli import shell_completion
from cnn_ablate.cli.common_options import AsJson, Data
from cnn_ablate.cli.grouped_help import WholeSentences

data_app = typer.Typer(
    cls=WholeSentences, help="List, download and verify data sets.", no_args_is_help=True
)


@data_app.command("list")
def data_list(data: Data = None, as_json: AsJson = False) -> None:
    """List the data sets and where they are on this machine."""
    from cnn_ablate.cli.commands.data import print_datasets

    print_datasets(data, as_json=as_json)


@data_app.command("fetch")
def data_fetch(
    name: Annotated[
        str, typer.Argument(help="Name of a data set.", autocompletion=shell_completion.datasets)
    ],
    data: Data = None,
    mirror: Annotated[
        list[str], typer.Option(help="URL of a folder with the same files, tried first.")
    ] = [],  # noqa: B006 - Typer copies it
    as_json: AsJson = False,
) -> None:
    """Download a data set: interrupted downloads are resumed, and every checksum is verified."""
    from cnn_ablate.cli.commands.data import fetch_dataset

    fetch_dataset(name, data, tuple(mirror), as_json=as_json)


@data_app.command("verify")
def data_verify(
    name: Annotated[
        str, typer.Argument(help="Name of a data set.", autocompletion=shell_completion.datasets)
    ],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Compare the images of a data set with its fingerprint."""
    from cnn_ablate.cli.commands.data import verify_dataset

    verify_dataset(name, data, as_json=as_json)
