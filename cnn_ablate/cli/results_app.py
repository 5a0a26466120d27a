"""The Typer app of commands that read results; each imports what it needs when called."""

from pathlib import Path
from typing import Annotated

import typer

from cnn_ablate.cli import shell_completion
from cnn_ablate.cli.common_options import (
    AsJson,
    Force,
    Pictures,
    Profile,
    Reports,
    Results,
    Smoke,
    Study,
    resolve_profile,
)

results_app = typer.Typer()


@results_app.command()
def status(
    study: Study,
    profile: Profile = "",
    smoke: Smoke = False,
    results: Results = Path("results"),
    as_json: AsJson = False,
) -> None:
    """Show the progress of a study, also while it runs."""
    from cnn_ablate.cli.commands.status import print_status

    print_status(study, resolve_profile(profile, smoke), results, as_json=as_json)


@results_app.command()
def report(
    study: Study,
    profile: Profile = "",
    smoke: Smoke = False,
    results: Results = Path("results"),
    reports: Reports = Path("reports"),
    latex: Annotated[
        bool, typer.Option("--latex", help="Also write tables and PDF figures for LaTeX.")
    ] = False,
    pictures: Pictures = True,
    as_json: AsJson = False,
) -> None:
    """Write the report of a study again, finished or not."""
    from cnn_ablate.cli.commands.report import write_report

    write_report(
        study,
        resolve_profile(profile, smoke),
        results,
        reports,
        latex=latex,
        pictures=pictures,
        as_json=as_json,
    )


@results_app.command("import")
def import_results(
    study: Study,
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV, Parquet, JSON lines, a Hydra multirun folder, or MLflow's SQLite store."
        ),
    ],
    columns: Annotated[
        list[str],
        typer.Option("--map", metavar="COLUMN=KEY", help="What a column holds; may be repeated."),
    ] = [],  # noqa: B006 - Typer copies it
    percent: Annotated[
        bool, typer.Option("--percent", help="Accuracies in the file are in per cent.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Replace what was imported before.")
    ] = False,
    results: Results = Path("results"),
    reports: Reports = Path("reports"),
    as_json: AsJson = False,
) -> None:
    """Import results that were trained elsewhere, and write the tables and the report."""
    from cnn_ablate.cli.commands.import_results import import_file, parse_columns
    from cnn_ablate.runner import RunConfig
    from cnn_ablate.runner.import_table import ImportOptions

    options = ImportOptions(parse_columns(columns), percent, fresh)
    config = RunConfig(results=results)
    import_file(study, file, config, reports, options, as_json=as_json)


@results_app.command()
def compare(
    first: Annotated[
        str,
        typer.Argument(
            help="Name or file of a study that was run, or its results folder, or a copy of that."
        ),
    ],
    second: Annotated[
        str, typer.Argument(help="Another study, or the same one with another profile.")
    ],
    results: Results = Path("results"),
    as_json: AsJson = False,
) -> None:
    """Compare two studies, profiles or machines, contrast by contrast."""
    from cnn_ablate.cli.commands.compare import print_comparison

    print_comparison(first, second, results, as_json=as_json)


@results_app.command()
def export(
    study: Study,
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
    style: Annotated[
        str,
        typer.Option(
            "--format",
            help="csv, json, parquet; of the ablation table also latex, markdown, html, text. "
            "Default: by the file extension.",
        ),
    ] = "",
    table: Annotated[
        str,
        typer.Option(
            help="ablation (that of a paper), trials, epochs, steps, classes, confusion, effects, "
            "findings or claims."
        ),
    ] = "trials",
    profile: Profile = "",
    smoke: Smoke = False,
    results: Results = Path("results"),
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write one table of a study in a format that other programs read."""
    from cnn_ablate.cli.commands.export import ExportOptions, export_table

    options = ExportOptions(table, style, output, force, as_json)
    export_table(study, resolve_profile(profile, smoke), results, options)


@results_app.command()
def pack(
    study: Study,
    output: Annotated[Path, typer.Option("--output", "-o", help="ZIP file to write.")],
    networks: Annotated[
        bool, typer.Option("--networks", help="Pack the trained networks too.")
    ] = False,
    profile: Profile = "",
    smoke: Smoke = False,
    results: Results = Path("results"),
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write a study with its code, trials, tables and report into a ZIP file."""
    from cnn_ablate.cli.commands.pack import PackOptions, pack_study

    options = PackOptions(output, networks, force, as_json)
    pack_study(study, resolve_profile(profile, smoke), results, options)


@results_app.command()
def clean(
    results: Results = Path("results"),
    checkpoints: Annotated[
        bool, typer.Option("--checkpoints", help="Also remove checkpoints of unfinished trials.")
    ] = False,
    delete: Annotated[
        bool, typer.Option("--delete", help="Remove the files instead of listing them.")
    ] = False,
    cache: Annotated[
        bool, typer.Option("--cache", help="The compiled programs in the cache instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List files in the results folder that no study uses any more, or remove them."""
    from cnn_ablate.cli.commands.clean import clean_cache, clean_results

    if cache:
        clean_cache(delete=delete, as_json=as_json)
    else:
        clean_results(results, checkpoints=checkpoints, delete=delete, as_json=as_json)


@results_app.command()
def predict(
    study: Annotated[
        str, typer.Argument(help="Study that was run, by name or file, or id or folder of a trial.")
    ],
    images: Annotated[
        Path, typer.Argument(help="Image file, folder of images, or array (.npy, .npz).")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="CSV file to write.")],
    variant: Annotated[
        str,
        typer.Option(
            help="Variant whose networks predict, all seeds in the mean; by default the baseline.",
            autocompletion=shell_completion.variants,
        ),
    ] = "",
    profile: Profile = "",
    tta: Annotated[
        bool, typer.Option("--tta", help="Average predictions over several views of each image.")
    ] = False,
    style: Annotated[
        str,
        typer.Option("--format", help="Columns: full, submission (numbers), submission-names."),
    ] = "full",
    results: Results = Path("results"),
    force: Force = False,
    trust_code: Annotated[
        bool, typer.Option("--trust-code", help="Import your own code that the trials name.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Classify images with the trained networks of a variant."""
    from cnn_ablate.cli.commands.predict import PredictOptions, predict_images

    options = PredictOptions(output, variant, profile, tta, style, force, as_json, trust_code)
    predict_images(study, images, results, options)
