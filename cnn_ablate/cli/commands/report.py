"""The command `report`: write the report of a study from its results and its file as it is now."""

from pathlib import Path

import typer

from cnn_ablate import report
from cnn_ablate.analysis import analyse
from cnn_ablate.cli.damaged_tables import print_damaged_tables
from cnn_ablate.cli.edited_study_file import read_as_edited
from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.json_values import WrittenReport
from cnn_ablate.find_study import study_folder


def write_report(
    study: str,
    profile: str,
    results: Path,
    reports: Path,
    *,
    latex: bool,
    pictures: bool,
    as_json: bool,
) -> None:
    """Write the report of a study and print the paths of its files."""
    folder = study_folder(study, profile)
    print_damaged_tables(results / folder)
    written, edits = read_as_edited(study, results / folder)
    analysis = analyse(written)
    page = report.write(analysis, reports, latex=latex, pictures=pictures)
    tex = page.with_suffix(".tex") if latex else None
    if as_json:
        shown, rest = (edits.shown, edits.trained) if edits else ([], [])
        print_json(
            WrittenReport(
                report=str(page),
                latex=str(tex) if tex else None,
                as_in_file=tuple(shown),
                not_shown=tuple(rest),
            )
        )
        return
    if edits:
        typer.echo(edits.remark("report"), err=True)
    typer.echo(f"Report: {page}")
    if tex:
        typer.echo(f"LaTeX:  {tex}")
