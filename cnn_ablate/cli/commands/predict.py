"""The command `predict`: a trained network's answers to pictures nobody has labelled."""

import csv
from collections.abc import Callable, Iterable
from io import StringIO
from pathlib import Path

import typer

from cnn_ablate.cli.exit_codes import SOME_FAILED
from cnn_ablate.errors import UserError
from cnn_ablate.inference import Prediction, load_trained, pictures, predict
from cnn_ablate.messages import unknown_name
from cnn_ablate.store import atomic

# The columns of a format, and how a prediction fills them.
FORMATS: dict[str, tuple[tuple[str, ...], Callable[[Path, Prediction], tuple[object, ...]]]] = {
    "full": (
        ("ID", "label", "name", "probability"),
        lambda path, said: (path.as_posix(), said.label, said.name, f"{said.probability:.6f}"),
    ),
    "submission": (
        ("ID", "Labels"),
        lambda path, said: (path.with_suffix("").as_posix(), said.label),
    ),
}


def predict_folder(
    trial: str, folder: Path, results: Path, output: Path, *, tta: bool, style: str
) -> None:
    """Write a CSV of predictions; exit with 2 if some pictures could not be read.

    Raises:
        UserError: there is no such trial, format or folder, or no picture in it.
    """
    if style not in FORMATS:
        raise UserError(f"--format {style}", *unknown_name("format", style, FORMATS))
    trained = load_trained(trial, results)
    said = list(predict(trained, pictures(folder), augmented=tta))
    skipped = [one for one in said if one.fault]
    for one in skipped:
        typer.echo(f"{one.path}: {one.fault} Skipped.", err=True)
    _write(output, folder, [one for one in said if not one.fault], style)
    typer.echo(f"Predictions: {output} ({len(said) - len(skipped)} pictures)")
    if skipped:
        typer.echo(f"{len(skipped)} of {len(said)} pictures could not be read.", err=True)
        raise typer.Exit(SOME_FAILED)


def _write(output: Path, folder: Path, said: Iterable[Prediction], style: str) -> None:
    columns, row = FORMATS[style]
    file = StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(row(one.path.relative_to(folder), one) for one in said)
    atomic.replace_file(output, file.getvalue().encode(), output.parent)
