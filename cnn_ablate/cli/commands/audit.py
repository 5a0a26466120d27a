"""The command `audit`: the flaws of a study that can be found before anything is trained."""

from collections.abc import Sequence

import typer
from rich.console import Console
from rich.text import Text

from cnn_ablate.cli.exit_codes import WRONG_INPUT
from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.progress_bars import progress_display
from cnn_ablate.cli.wrapped_sentences import print_sentence
from cnn_ablate.find_study import study_path
from cnn_ablate.runner.config import RunConfig
from cnn_ablate.runner.findings import audit_findings
from cnn_ablate.runner.prepare import prepare
from cnn_ablate.schema import Finding, count_findings
from cnn_ablate.study import Changes, read_study
from cnn_ablate.text import count, one_line

_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan"}


def audit_study(
    word: str, changes: Changes, config: RunConfig, *, as_json: bool, strict: bool
) -> None:
    """Print the findings of the audit; exit with 1 if `strict` and one of them is an error."""
    study = read_study(study_path(word), changes)
    with progress_display() as display:
        prepared = prepare(study, config, display.on_decoding)
        with display.preparing(f"Auditing {count(len(prepared.plan.variants), 'variant')}"):
            findings = audit_findings(prepared)
    if as_json:
        print_json(findings)
    else:
        print_findings(study.name, findings)
        if prepared.missing:
            typer.echo(f"Images were not looked at: {prepared.missing}")
    if strict and any(finding.severity == "error" for finding in findings):
        raise typer.Exit(WRONG_INPUT)


def print_findings(name: str, findings: Sequence[Finding]) -> None:
    """Print findings for a reader, wrapped to the width of the terminal."""
    console = Console(highlight=False)
    for finding in findings:
        severity = Text(finding.severity, _STYLES[finding.severity])
        where = f" at {one_line(finding.where)}"
        title = Text.assemble(severity, " ", (finding.kind, "bold"), where)
        console.print(title, soft_wrap=True)
        print_sentence(console, finding.message, indent="    ")
        console.print()
    console.print(f"{name}: {count_findings(findings) or 'nothing found'}.", soft_wrap=True)
