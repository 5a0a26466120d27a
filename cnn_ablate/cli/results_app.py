"""The commands that read what was run; each imports what it needs only when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from cnn_ablate.cli.common_options import Pictures, Profile, Reports, Results, Smoke, Study, chosen

results_app = typer.Typer()


@results_app.command()
def status(
    study: Study,
    profile: Profile = "",
    smoke: Smoke = False,
    results: Results = Path("results"),
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show how far a study has come, also while it runs."""
    from cnn_ablate.cli.commands.status import show_status

    show_status(study, chosen(profile, smoke), results, as_json=as_json)


@results_app.command()
def report(
    study: Study,
    profile: Profile = "",
    smoke: Smoke = False,
    results: Results = Path("results"),
    reports: Reports = Path("reports"),
    latex: Annotated[
        bool, typer.Option("--latex", help="Write tables and PDFs for LaTeX.")
    ] = False,
    pictures: Pictures = True,
) -> None:
    """Write the report of a study again, as far as it was run."""
    from cnn_ablate.cli.commands.report import write_report

    write_report(study, chosen(profile, smoke), results, reports, latex=latex, pictures=pictures)


@results_app.command()
def compare(
    first: Annotated[str, typer.Argument(help="A study that was run, or its results folder.")],
    second: Annotated[str, typer.Argument(help="Another one, or the same with a profile.")],
    results: Results = Path("results"),
) -> None:
    """Compare two studies, profiles or machines, contrast by contrast."""
    from cnn_ablate.cli.commands.compare import compare_studies

    compare_studies(first, second, results)


@results_app.command()
def export(
    study: Study,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    style: Annotated[
        str, typer.Option("--format", help="csv, json, latex or parquet; default: the ending's.")
    ] = "",
    table: Annotated[
        str, typer.Option(help="trials, epochs, steps, classes, confusion, effects or claims.")
    ] = "trials",
    profile: Profile = "",
    smoke: Smoke = False,
    results: Results = Path("results"),
) -> None:
    """Write a table of a study for another program."""
    from cnn_ablate.cli.commands.export import Wanted
    from cnn_ablate.cli.commands.export import export as write
    from cnn_ablate.study_paths import study_folder

    folder = study_folder(study, chosen(profile, smoke))
    write(results, folder, Wanted(table, style, output))


@results_app.command()
def clean(
    results: Results = Path("results"),
    checkpoints: Annotated[
        bool, typer.Option("--checkpoints", help="Forget also what unfinished trials have learnt.")
    ] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Remove it; else it is shown.")] = False,
) -> None:
    """Show what no study in the results refers to any more, or remove it."""
    from cnn_ablate.cli.commands.clean import clean as tidy

    tidy(results, checkpoints=checkpoints, delete=delete)


@results_app.command()
def predict(
    trial: Annotated[str, typer.Argument(help="Id or folder of a trial that is done.")],
    images: Annotated[Path, typer.Argument(help="Folder of pictures.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The CSV file to write.")],
    tta: Annotated[bool, typer.Option("--tta", help="Average over views of each picture.")] = False,
    style: Annotated[str, typer.Option("--format", help="full or submission.")] = "full",
    results: Results = Path("results"),
) -> None:
    """Classify pictures with a trained network."""
    from cnn_ablate.cli.commands.predict import predict_folder

    predict_folder(trial, images, results, output, tta=tta, style=style)
