"""The command `import`: results that were trained elsewhere become trials of a study."""

from collections.abc import Sequence
from pathlib import Path

import typer

from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.json_values import ImportedResults
from cnn_ablate.errors import UserError
from cnn_ablate.find_study import study_path
from cnn_ablate.report import write as write_report
from cnn_ablate.runner.config import RunConfig
from cnn_ablate.runner.import_table import ImportOptions, import_table
from cnn_ablate.study import Changes, read_study


def import_file(
    word: str,
    file: Path,
    config: RunConfig,
    reports: Path,
    options: ImportOptions,
    *,
    as_json: bool,
) -> None:
    """Import a file, and write the tables and the report; raises UserError."""
    study = read_study(study_path(word), Changes())
    imported = import_table(study, file, config, options)
    findings, results = imported.analysis.findings, config.results / study.folder
    page = write_report(imported.analysis, reports)
    if as_json:
        print_json(
            ImportedResults(
                results=str(results),
                report=str(page),
                notes=imported.notes,
                findings=tuple(findings),
            )
        )
        return
    for note in imported.notes:
        typer.echo(note)
    for finding in findings:
        typer.echo(f"Check: {finding.severity}, {finding.kind}: {finding.message}")
    typer.echo(f"Results: {results}")
    typer.echo(f"Report:  {page}")


def parse_columns(pairs: Sequence[str]) -> dict[str, str]:
    """Parse `column=key` pairs; raises UserError."""
    columns: dict[str, str] = {}
    for pair in pairs:
        column, equals, key = pair.rpartition("=")
        if not equals or not key:
            raise UserError(f"--map {pair}", "expected column=key.")
        columns[column] = key
    return columns
