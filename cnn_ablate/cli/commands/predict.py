"""The command `predict`: classify unlabelled images with a trained network."""

import csv
from collections.abc import Callable, Iterable
from io import StringIO
from pathlib import Path

import typer

from cnn_ablate.cli.exit_codes import SOME_FAILED
from cnn_ablate.cli.overwriting import first_line, write_output
from cnn_ablate.errors import UserError
from cnn_ablate.inference import Prediction, find_images, load_trained, predict
from cnn_ablate.value_errors import unknown_name

# Per format: its columns, and the cells of a prediction.
FORMATS: dict[str, tuple[tuple[str, ...], Callable[[Path, Prediction], tuple[object, ...]]]] = {
    "full": (
        ("ID", "label", "name", "probability"),
        lambda path, p: (path.as_posix(), p.label, p.name, f"{p.probability:.6f}"),
    ),
    "submission": (
        ("ID", "Labels"),
        lambda path, p: (path.with_suffix("").as_posix(), p.label),
    ),
}


def predict_folder(
    trial: str, folder: Path, results: Path, output: Path, *, tta: bool, style: str, force: bool
) -> None:
    """Write a CSV file of predictions; exit with 2 if some images could not be read.

    Raises:
        UserError: There is no such trial, format or folder, or no image in it.
    """
    if style not in FORMATS:
        raise UserError(f"--format {style}", *unknown_name("format", style, FORMATS))
    trained = load_trained(trial, results)
    predictions = list(predict(trained, find_images(folder), tta=tta))
    skipped = [each for each in predictions if each.error]
    for each in skipped:
        typer.echo(f"{each.path}: {each.error} Skipped.", err=True)
    table = _table(folder, [each for each in predictions if not each.error], style)
    write_output(output, table, first_line, force=force)
    typer.echo(f"Predictions: {output} ({len(predictions) - len(skipped)} images)")
    if skipped:
        typer.echo(f"{len(skipped)} of {len(predictions)} images could not be read.", err=True)
        raise typer.Exit(SOME_FAILED)


def _table(folder: Path, predictions: Iterable[Prediction], style: str) -> bytes:
    columns, row = FORMATS[style]
    file = StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(row(p.path.relative_to(folder), p) for p in predictions)
    return file.getvalue().encode()
