"""The command `report`: the report of a study as it was run, without torch."""

from pathlib import Path

import typer

from cnn_ablate import report
from cnn_ablate.store import read


def write_report(study: str, profile: str, results: Path, reports: Path, *, latex: bool) -> None:
    """Write a report again and say where it is."""
    name = Path(study).stem if study.endswith((".yaml", ".yml")) else study
    found = read(results, f"{name}-{profile}" if profile else name)
    page = report.write(found, reports, latex=latex)
    typer.echo(f"Report: {page}")
