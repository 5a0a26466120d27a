"""The command `init`: a first study file, and beside it the schema with which editors help."""

import json
from pathlib import Path
from shlex import quote

import typer

from cnn_ablate.custom import look_in
from cnn_ablate.data import DATASETS
from cnn_ablate.data.folder import is_divided
from cnn_ablate.errors import UserError
from cnn_ablate.study.json_schema import json_schema
from cnn_ablate.study.template import draft

SUFFIXES = (".yaml", ".yml")


def write_draft(file: Path, data: str, model: str) -> None:
    """Write a study file that runs, and say what to do with it.

    Args:
        file: Where to write it.
        data: Name of a data set, or a folder of pictures.
        model: Name of a network.

    Raises:
        UserError: the file is there already, would be in the way, or has another ending; a name
            is unknown.
    """
    if file.suffix not in SUFFIXES:
        raise UserError(str(file), "a study file ends in .yaml.", f"Call it {file}.yaml.")
    look_in(file.parent)
    _write(file, _drafted(file, data, model))
    typer.echo(f"Study: {file}")
    schema = file.with_name("study.schema.json")
    if not schema.exists():
        _write(schema, json.dumps(json_schema(), indent=1) + "\n")
        typer.echo(f"For editors: {schema}")
    typer.echo(f"Try it: cnn-ablate run {quote(str(file))} --smoke")


def _drafted(file: Path, data: str, model: str) -> str:
    folder = Path(data)
    if data in DATASETS or not folder.is_dir():
        return draft(file.name, data, model)
    # The study finds what is below its own folder, wherever it is run.
    place, home = folder.resolve(), file.parent.resolve()
    if home.is_relative_to(place) and not is_divided(place):
        what = "would lie among the folders of classes, where nothing else may be."
        raise UserError(str(file), what, "Write it beside the folder of pictures instead.")
    path = place.relative_to(home) if place.is_relative_to(home) else place
    return draft(file.name, "image_folder", model, path=path.as_posix())


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(str(path), "is there already.", "Choose another name.") from None
    except OSError as fault:
        raise UserError(str(path), f"cannot be written: {fault.strerror}.") from None
