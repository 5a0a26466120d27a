"""The command `report`: write the report of a study from its results and its file as it is now."""

from dataclasses import replace
from pathlib import Path

import typer

from cnn_ablate import report
from cnn_ablate.analysis import analyse
from cnn_ablate.cli.damaged_tables import print_damaged_tables
from cnn_ablate.cli.edited_study_file import Edits, find_edits
from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.json_values import WrittenReport
from cnn_ablate.find_study import study_folder
from cnn_ablate.store import read
from cnn_ablate.text import capital, listed


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
    edits = find_edits(study, results / folder)
    written = read(results, folder)
    if edits:
        written = replace(written, record=edits.shown_in(written.record))
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
        typer.echo(_remark(edits), err=True)
    typer.echo(f"Report: {page}")
    if tex:
        typer.echo(f"LaTeX:  {tex}")


def _remark(edits: Edits) -> str:
    """Return what was changed in the file since the run, and what of it the report shows."""
    parts = []
    if edits.shown:
        parts.append(f"{capital(listed(edits.shown))} as in {edits.path} now.")
    if edits.trained:
        parts.append(f"Not in the report until the next run: {listed(edits.trained)}.")
    return " ".join(parts)
