"""The command `init`: write a study file and, beside it, the JSON Schema for editors."""

import json
from pathlib import Path
from shlex import quote

import typer

from cnn_ablate.cli.json_output import print_json
from cnn_ablate.cli.json_values import WrittenStudy
from cnn_ablate.custom import is_import_path, user_code_folder
from cnn_ablate.data import DATASETS
from cnn_ablate.data.folder import has_train_and_test, list_classes
from cnn_ablate.data.picture_survey import survey_pictures
from cnn_ablate.errors import UserError
from cnn_ablate.external.draft_study import draft_study
from cnn_ablate.external.foreign_table import read_table
from cnn_ablate.study.json_schema import json_schema
from cnn_ablate.study.template import study_name, study_template
from cnn_ablate.value_errors import unknown_name

STUDY_SUFFIXES = (".yaml", ".yml")


def write_template(file: Path, data: str, model: str, *, as_json: bool = False) -> None:
    """Write a study file that is ready to run, and print the command that runs it.

    Args:
        file: Where to write it.
        data: Name of a data set, or a folder of images.
        model: Name of a network.
        as_json: Print JSON.

    Raises:
        UserError: The file exists, would be taken for a class folder, or has another extension;
            a name is unknown; the folder has files that are not pictures.
    """
    _check_suffix(file)
    with user_code_folder(file.parent):
        _write(file, _template(file, data, model))
    schema = file.with_name("study.schema.json")
    is_new = not schema.exists()
    if is_new:
        _write(schema, json.dumps(json_schema(), indent=1) + "\n")
    if as_json:
        print_json(WrittenStudy(study=str(file)))
        return
    typer.echo(f"Study: {file}")
    if is_new:
        typer.echo(f"For editors: {schema}")
    typer.echo(f"Try it: cnn-ablate run {quote(str(file))} --smoke")


def write_draft(file: Path, table: Path, baseline: str, *, as_json: bool = False) -> None:
    """Write a study of the results in a table, and print the command that imports them.

    Args:
        file: Where to write it.
        table: The results, as `import` reads them.
        baseline: `column=level` pairs, joined by commas; other columns have the most frequent one.
        as_json: Print JSON.

    Raises:
        UserError: The file exists or has another extension; the table cannot be read, or nothing
            varies in it.
    """
    _check_suffix(file)
    pairs = dict(pair.split("=", 1) for pair in baseline.split(",") if "=" in pair)
    draft = draft_study(read_table(table), study_name(file.name), pairs)
    _write(file, draft.text)
    if as_json:
        print_json(WrittenStudy(study=str(file), notes=tuple(draft.notes)))
        return
    typer.echo(f"Study: {file}")
    for note in draft.notes:
        typer.echo(note)
    typer.echo(f"Next: cnn-ablate import {quote(str(file))} {quote(str(table))}")


def _check_suffix(file: Path) -> None:
    if file.suffix not in STUDY_SUFFIXES:
        raise UserError(str(file), "a study file ends in .yaml.", f"Name it {file}.yaml.")


def _template(file: Path, data: str, model: str) -> str:
    folder = Path(data)
    if not (data in DATASETS or is_import_path(data) or folder.is_dir()):
        what, hint = unknown_name("data set", data, DATASETS)
        raise UserError(f"--data {data}", f"no such folder, and {what}", hint)
    if data in DATASETS or not folder.is_dir():
        sizes = DATASETS[data].sizes if data in DATASETS else None
        return study_template(file.name, data, model, images=sizes[0] if sizes else None)
    # Paths in a study are relative to its own folder, so that it runs from any directory.
    images, home = folder.resolve(), file.parent.resolve()
    if home.is_relative_to(images) and not has_train_and_test(images):
        what = "would be inside the folder of classes, which may hold nothing else."
        raise UserError(str(file), what, "Write it beside the folder of images instead.")
    path = images.relative_to(home) if images.is_relative_to(home) else images
    has_parts = has_train_and_test(images)
    [classes, *_] = list_classes(images, ("train", "test") if has_parts else ("",))
    pictures = survey_pictures([path for paths in classes.values() for path in paths])
    # Without train/ and test/, a fifth of the pictures is for testing.
    count = pictures.total - (0 if has_parts else round(pictures.total / 5))
    knobs = {"path": (path.as_posix(), ""), **pictures.knobs()}
    return study_template(file.name, "image_folder", model, knobs=knobs, images=count)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(str(path), "already exists.", "Choose another name.") from None
    except OSError as fault:
        raise UserError(str(path), f"cannot be written: {fault.strerror}.") from None
