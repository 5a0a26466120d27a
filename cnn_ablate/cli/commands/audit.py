"""The command `audit`: what can be proven of a study before anything is trained."""

import json
from collections import Counter
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnn_ablate.cli.exit_codes import WRONG_INPUT
from cnn_ablate.cli.progress_bars import display
from cnn_ablate.runner.findings import audited
from cnn_ablate.runner.prepare import RunConfig, survey
from cnn_ablate.schema import Finding
from cnn_ablate.stats import count, listed
from cnn_ablate.study import Changes, read
from cnn_ablate.study_paths import study_path

_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan"}


def show_findings(
    word: str, changes: Changes, where: RunConfig, *, as_json: bool, strict: bool
) -> None:
    """Print what the audit finds; exit with 1 if `strict` and an error is among it."""
    study = read(study_path(word), changes)
    with display() as screen:
        laid_out = survey(study, where, screen.decoding)
    findings = audited(laid_out)
    if as_json:
        typer.echo(json.dumps([finding.model_dump() for finding in findings], indent=1))
    else:
        print_findings(study.name, findings)
        if laid_out.missing:
            typer.echo(f"Images were not looked at: {laid_out.missing}")
    if strict and any(finding.severity == "error" for finding in findings):
        raise typer.Exit(WRONG_INPUT)


def print_findings(name: str, findings: Sequence[Finding]) -> None:
    """Print findings for a reader, wrapped to the width of the terminal."""
    console = Console(highlight=False)
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        said = Text.assemble((finding.kind, "bold"), f" at {finding.where}\n{finding.message}\n")
        table.add_row(Text(finding.severity, _STYLES[finding.severity]), said)
    console.print(table)
    found = Counter[str](finding.severity for finding in findings)
    counts = [count(found[severity], severity) for severity in _STYLES if found[severity]]
    console.print(f"{name}: {listed(counts) if counts else 'nothing found'}.", soft_wrap=True)
