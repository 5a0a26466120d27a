"""The arguments and options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

from cnn_ablate.cli import shell_completion
from cnn_ablate.errors import UserError

Study = Annotated[
    str,
    typer.Argument(
        help="A study file, or the name of a shipped study.",
        autocompletion=shell_completion.studies,
    ),
]
Profile = Annotated[
    str,
    typer.Option(help="Use the study's named overrides.", autocompletion=shell_completion.profiles),
]
Smoke = Annotated[
    bool,
    typer.Option(
        "--smoke", help="Shrink the study to a test of minutes, after reading your own pictures."
    ),
]
Sets = Annotated[list[str], typer.Option("--set", help="Replace a setting: training.epochs=1.")]
Seeds = Annotated[int | None, typer.Option(min=1, help="Use this many seeds.")]
Only = Annotated[
    str, typer.Option(help="Run these variants alone: names or patterns like attention=*.")
]
Results = Annotated[Path, typer.Option(help="Folder of results.")]
Reports = Annotated[Path, typer.Option(help="Folder of reports.")]
Pictures = Annotated[
    bool, typer.Option("--pictures/--no-pictures", help="Show some test images in the report.")
]
Data = Annotated[Path | None, typer.Option(help="Folder in which data is looked for first.")]


def chosen(profile: str, smoke: bool) -> str:
    """Give the profile that both options name together.

    Raises:
        UserError: they name two.
    """
    if smoke and profile not in {"", "smoke"}:
        what = f"stands for --profile smoke, and there is --profile {profile} as well."
        raise UserError("--smoke", what, "Give one of the two.")
    return "smoke" if smoke else profile
