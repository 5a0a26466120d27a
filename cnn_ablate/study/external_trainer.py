"""Read the `trainer` of a study file: the user's own command, or results from elsewhere."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, Strict, ValidationError

from cnn_ablate.external import RESERVED, placeholders
from cnn_ablate.schema import ExternalTrainer, Factor, Frozen
from cnn_ablate.settings import sections
from cnn_ablate.study.file_model import StudyFile
from cnn_ablate.study.problems import Problems, is_free
from cnn_ablate.study.source import Place
from cnn_ablate.text import listed
from cnn_ablate.value_errors import unknown_name

IMPORTED = "external"
"""The `trainer` of a study whose trials are only imported."""

Words = Annotated[tuple[str, ...], Strict(False)]


class TrainerFile(Frozen):
    """The `trainer` of a study file."""

    command: Annotated[Words, Field(min_length=1)] = Field(
        description="The program and its arguments, with `{key}`, `{seed}`, `{out}`, `{settings}`."
    )
    inputs: Words = Field(
        (),
        description="Files, folders or patterns whose contents are part of each trial; default: "
        "every Python and configuration file below the study's folder.",
    )


def with_sections(values: Any) -> Any:
    """Return the values of a study file with a free baseline by section."""
    if not is_free(values) or not isinstance(values.get("baseline"), Mapping):
        return values
    return {**values, "baseline": sections(values["baseline"])}


def read_trainer(file: StudyFile, problems: Problems) -> ExternalTrainer | None:
    """Read the trainer, and check its placeholders; None if this program trains."""
    if file.trainer is None:
        return None
    _check_reserved(problems)
    _check_plain((), problems.source.values, problems)
    if file.trainer == IMPORTED:
        return ExternalTrainer()
    if not isinstance(file.trainer, dict):
        what = "expected the word 'external', or a mapping with a 'command'."
        problems.add(("trainer",), what)
        return ExternalTrainer()
    try:
        written = TrainerFile.model_validate(file.trainer)
    except ValidationError as error:
        problems.add_validation(("trainer",), error, TrainerFile)
        return ExternalTrainer()
    trainer = ExternalTrainer(command=written.command, inputs=written.inputs)
    _check_placeholders(trainer, problems)
    return trainer


def check_factors(
    trainer: ExternalTrainer | None, factors: tuple[Factor, ...], problems: Problems
) -> None:
    """Check that the command gets each key that a factor varies."""
    if trainer is None or trainer.imports or "settings" in _names(trainer):
        return
    for factor in factors:
        keys = dict.fromkeys(key for level in factor.levels for key in level.sets)
        for key in (key for key in keys if key not in _names(trainer)):
            what = f"the command does not get '{key}', so that its levels would train alike."
            problems.add(("factors", factor.name), what, _hint(key), key=True)


def _names(trainer: ExternalTrainer) -> list[str]:
    return [name for word in trainer.command for name in placeholders(word)]


def _hint(name: str) -> str:
    return f'Put "{{{name}}}" into the command, or {{settings}}, a file with all of them.'


def _check_reserved(problems: Problems) -> None:
    for key, meaning in RESERVED.items():
        if key in problems.known:
            what = f"'{{{key}}}' stands for {meaning}."
            problems.add(("baseline", key), what, "Give the key another name.", key=True)


def _check_plain(place: Place, value: Any, problems: Problems) -> None:
    """Refuse values that JSON does not have, such as dates."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            _check_plain((*place, key), part, problems)
    elif isinstance(value, list):
        for i, part in enumerate(value):
            _check_plain((*place, i), part, problems)
    elif not isinstance(value, str | int | float | bool | None):
        what = f"expected a text, a number, true, false or null, got {value}."
        problems.add(place, what, "Put it into quotes.")


def _check_placeholders(trainer: ExternalTrainer, problems: Problems) -> None:
    known = [*RESERVED, *problems.known]
    for place, name in _places(trainer):
        if name not in known:
            what, hint = unknown_name("placeholder", name, known)
            problems.add(place, what, f"{hint} For braces, write {{{{ and }}}}.")
    names = _names(trainer)
    missing = [name for name in ("seed", "out") if name not in names]
    if missing and "settings" not in names:
        what = f"the command does not get {listed(f'{{{name}}}' for name in missing)}."
        problems.add(("trainer", "command"), what, _hint(missing[0]))


def _places(trainer: ExternalTrainer) -> Iterator[tuple[Place, str]]:
    for i, word in enumerate(trainer.command):
        for name in placeholders(word):
            yield ("trainer", "command", i), name
