"""The command `report`: the report of a study as it was run, without torch."""

from pathlib import Path

import typer

from cnn_ablate import report
from cnn_ablate.store import read
from cnn_ablate.study_paths import study_folder


def write_report(
    study: str, profile: str, results: Path, reports: Path, *, latex: bool, pictures: bool
) -> None:
    """Write a report again and say where it is."""
    found = read(results, study_folder(study, profile))
    page = report.write(found, reports, latex=latex, pictures=pictures)
    typer.echo(f"Report: {page}")
