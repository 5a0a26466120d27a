"""The command `report`: write the report of a study from its results, without importing torch."""

from pathlib import Path

import typer

from cnn_ablate import report
from cnn_ablate.analysis import analyse
from cnn_ablate.find_study import study_folder
from cnn_ablate.store import read


def write_report(
    study: str, profile: str, results: Path, reports: Path, *, latex: bool, pictures: bool
) -> None:
    """Write the report of a study and print its path."""
    analysis = analyse(read(results, study_folder(study, profile)))
    page = report.write(analysis, reports, latex=latex, pictures=pictures)
    typer.echo(f"Report: {page}")
