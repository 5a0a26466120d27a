"""The command `predict`: classify unlabelled images with the trained networks of a variant."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePath

import typer

from cnn_ablate.cli.exit_codes import SOME_FAILED
from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.json_values import Predictions
from cnn_ablate.cli.overwriting import first_line, write_output
from cnn_ablate.errors import UserError
from cnn_ablate.find_study import study_folder
from cnn_ablate.inference import Prediction, find_images, load_ensemble, predict
from cnn_ablate.text import count
from cnn_ablate.value_errors import unknown_name

FORMATS = ("full", "submission", "submission-names")


@dataclass(frozen=True)
class PredictOptions:
    """Which variant predicts, from how many views, and where and how that is written.

    With `trust_code`, user-defined code that its trials name is imported.
    """

    output: Path
    variant: str = ""
    profile: str = ""
    tta: bool = False
    style: str = "full"
    force: bool = False
    as_json: bool = False
    trust_code: bool = False


def predict_images(word: str, images: Path, results: Path, options: PredictOptions) -> None:
    """Write a CSV file of predictions; exit with 2 if some images could not be read.

    Raises:
        UserError: There is no such study, variant, trial, format or folder, or no image in it.
    """
    if options.style not in FORMATS:
        where = f"--format {options.style}"
        raise UserError(where, *unknown_name("format", options.style, FORMATS))
    folder = study_folder(word, options.profile)
    ensemble = load_ensemble(folder, options.variant, results, trust_code=options.trust_code)
    networks = ensemble.networks
    predictions = list(predict(networks, find_images(images), tta=options.tta))
    skipped = [each for each in predictions if each.error]
    for each in skipped:
        typer.echo(f"{each.name}: {each.error} Skipped.", err=True)
    read = [each for each in predictions if not each.error]
    classes = networks[0].data.classes
    if options.style == "full":
        rows = _full(read, images, classes)
    else:
        rows = _submission(read, images, classes if options.style == "submission-names" else ())
    write_output(options.output, _table(rows), first_line, force=options.force)
    if options.as_json:
        output = str(options.output)
        print_json(
            Predictions(
                file=output,
                images=len(read),
                skipped=len(skipped),
                networks=len(networks),
                missing_networks=ensemble.missing,
            )
        )
    else:
        how = count(len(networks), "network")
        if ensemble.missing:
            how += f"; {ensemble.missing} more {'is' if ensemble.missing == 1 else 'are'} not here"
        typer.echo(f"Predictions: {options.output} ({count(len(read), 'image')}, {how})")
    if skipped:
        typer.echo(f"{len(skipped)} of {len(predictions)} files could not be read.", err=True)
        raise typer.Exit(SOME_FAILED)


def _full(
    predictions: Iterable[Prediction], images: Path, classes: Iterable[str]
) -> Iterable[Iterable[object]]:
    """Yield the number, name and probability of the best class, and all probabilities."""
    names = list(classes)
    yield ("ID", "label", "name", "probability", *names)
    for each in predictions:
        shares = [f"{share:.6f}" for share in each.probabilities]
        best = each.label
        yield (_id(each, images).as_posix(), best, names[best], shares[best], *shares)


def _submission(
    predictions: Iterable[Prediction], images: Path, names: Sequence[str]
) -> Iterable[Iterable[object]]:
    """Yield two columns, as competitions ask for them; without names, of class numbers."""
    yield ("ID", "Labels")
    for each in predictions:
        answer = names[each.label] if names and each.label is not None else each.label
        yield (_id(each, images).with_suffix("").as_posix(), answer)


def _id(prediction: Prediction, images: Path) -> PurePath:
    """Return the path of an image below the folder of images, or its name or number."""
    path = PurePath(prediction.name)
    if images.is_dir():
        return path.relative_to(images)
    return PurePath(path.name)


def _table(rows: Iterable[Iterable[object]]) -> bytes:
    file = StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue().encode()
