"""Arguments and options shared by several commands."""

from pathlib import Path
from typing import Annotated

import typer

from cnn_ablate.cli import shell_completion
from cnn_ablate.errors import UserError

Study = Annotated[
    str,
    typer.Argument(
        help="Study file, or name of a shipped study.",
        autocompletion=shell_completion.studies,
    ),
]
Profile = Annotated[
    str,
    typer.Option(
        help="Apply a named profile of the study: a set of overrides.",
        autocompletion=shell_completion.profiles,
    ),
]
Smoke = Annotated[
    bool,
    typer.Option(
        "--smoke",
        help="Shrink the study to a test of minutes; your own images are still decoded in full.",
    ),
]
Sets = Annotated[list[str], typer.Option("--set", help="Override a setting: training.epochs=1.")]
Seeds = Annotated[int | None, typer.Option(min=1, help="Number of seeds.")]
Only = Annotated[
    str, typer.Option(help="Only these variants: names or patterns, A,B or attention=*.")
]
Results = Annotated[Path, typer.Option(help="Results folder.")]
Reports = Annotated[Path, typer.Option(help="Reports folder.")]
Force = Annotated[bool, typer.Option("--force", help="Replace any file of that name.")]
Allow = Annotated[
    list[str], typer.Option("--allow", help="Let the study name code of this installed package.")
]
Pictures = Annotated[
    bool, typer.Option("--pictures/--no-pictures", help="Show some test images in the report.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs: see docs/json.md.")]
Data = Annotated[Path | None, typer.Option(help="Folder that is searched for data sets first.")]


def resolve_profile(profile: str, smoke: bool) -> str:
    """Return the profile that `--profile` and `--smoke` select.

    Raises:
        UserError: They select two different profiles.
    """
    if smoke and profile not in {"", "smoke"}:
        what = f"means --profile smoke, but --profile {profile} is given as well."
        raise UserError("--smoke", what, "Use only one of them.")
    return "smoke" if smoke else profile


def allow_code(packages: list[str]) -> None:
    """Allow installed packages to be named, also by the processes that are started."""
    if packages:
        from cnn_ablate.custom.trusted_code import allow_packages

        allow_packages(packages)
